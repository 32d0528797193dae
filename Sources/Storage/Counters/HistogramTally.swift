internal import Synchronization

/// A histogram as the store's threads move it; `Histogram` is the copy for a reader.
struct HistogramTally: ~Copyable, Sendable {
    /// How many ranges there may be, the one beyond the last bound included.
    static let ranges = 16

    private let bounds: [Int64]
    private let counts = InlineArray<16, Atomic<Int64>> { _ in Atomic(0) }
    private let sum = Atomic<Int64>(0)

    /// - Parameter bounds: ascending; those without a range are left out, which a test tells.
    init(bounds: [Int64]) { self.bounds = Array(bounds.prefix(HistogramTally.ranges - 1)) }

    func record(_ value: Int64) {
        let range = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[range].add(1, ordering: .relaxed)
        sum.add(value, ordering: .relaxed)
    }

    var snapshot: Histogram {
        var copy = Histogram(bounds: bounds)
        for range in copy.counts.indices { copy.counts[range] = counts[range].load(ordering: .relaxed) }
        copy.sum = sum.load(ordering: .relaxed)
        return copy
    }
}
