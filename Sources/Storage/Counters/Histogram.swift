/// How often a value fell into which range.
public struct Histogram: Sendable, Equatable {
    /// The upper ends of the ranges, each included, ascending.
    public let bounds: [Int64]
    /// How often, range by range; one more than `bounds`, for what lies beyond the last one.
    public var counts: [Int64]
    /// All values together.
    public var sum: Int64 = 0

    /// One that has counted nothing yet.
    public init(bounds: [Int64]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Adds what another one of the same ranges has counted.
    public mutating func add(_ other: Histogram) {
        for range in counts.indices { counts[range] += other.counts[range] }
        sum += other.sum
    }

    /// For what takes from a tenth of a millisecond to seconds, in nanoseconds.
    public static let timeBounds: [Int64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 5_000_000_000,
    ]
}
