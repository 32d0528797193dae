internal import Synchronization

/// A histogram as threads move it, any number of them; `Histogram` is the copy for a reader.
public struct HistogramTally: ~Copyable, Sendable {
    /// How many ranges there may be, the one beyond the last bound included.
    public static let ranges = 16

    private let bounds: [Int64]
    private let counts = InlineArray<16, Atomic<Int64>> { _ in Atomic(0) }
    private let sum = Atomic<Int64>(0)

    /// - Parameter bounds: ascending; those without a range are left out, which a test tells.
    public init(bounds: [Int64]) { self.bounds = Array(bounds.prefix(HistogramTally.ranges - 1)) }

    /// Takes note of one value.
    public func record(_ value: Int64) {
        let range = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[range].add(1, ordering: .relaxed)
        sum.add(value, ordering: .relaxed)
    }

    /// What was noted until now; values that are noted meanwhile may be in some of it.
    public var snapshot: Histogram {
        var copy = Histogram(bounds: bounds)
        for range in copy.counts.indices { copy.counts[range] = counts[range].load(ordering: .relaxed) }
        copy.sum = sum.load(ordering: .relaxed)
        return copy
    }
}
