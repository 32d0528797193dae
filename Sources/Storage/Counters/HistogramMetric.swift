/// What a distribution is called outside, and which ranges it counts.
public struct HistogramMetric: Sendable {
    /// The family's name, without the program's.
    public let name: String
    /// One sentence for who reads it.
    public let help: String
    /// Whether its values are nanoseconds, told as seconds.
    public let isTime: Bool
    /// The upper ends of its ranges, each included, ascending; fewer than `HistogramTally.ranges`.
    public let bounds: [Int64]

    /// A distribution of times, in nanoseconds.
    public static func times(
        _ name: String, _ help: String, bounds: [Int64] = Histogram.timeBounds
    ) -> HistogramMetric {
        HistogramMetric(name: name, help: help, isTime: true, bounds: bounds)
    }

    /// A distribution of counts.
    public static func counts(_ name: String, _ help: String, bounds: [Int64]) -> HistogramMetric {
        HistogramMetric(name: name, help: help, isTime: false, bounds: bounds)
    }
}
