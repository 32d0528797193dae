/// What a distribution is called outside, and which ranges it counts.
public struct HistogramMetric: Sendable {
    /// The family's name, without the program's; of times it ends in `_seconds`.
    public let name: String
    /// One sentence for who reads it.
    public let help: String
    /// Whether its values are nanoseconds, told as seconds.
    public let isTime: Bool
    /// The upper ends of its ranges, each included, ascending, none twice; fewer than `HistogramTally.ranges`.
    public let bounds: [Int64]

    private init(_ name: String, _ help: String, isTime: Bool, bounds: [Int64]) {
        self.name = name
        self.help = help
        self.isTime = isTime
        self.bounds = Set(bounds).sorted()
    }

    /// A distribution of times, in nanoseconds.
    ///
    /// - Parameter subject: what takes that time: the name up to `_seconds`.
    public static func times(
        _ subject: String, _ help: String, bounds: [Int64] = Histogram.timeBounds
    ) -> HistogramMetric {
        HistogramMetric("\(subject)_seconds", help, isTime: true, bounds: bounds)
    }

    /// A distribution of counts.
    public static func counts(_ name: String, _ help: String, bounds: [Int64]) -> HistogramMetric {
        HistogramMetric(name, help, isTime: false, bounds: bounds)
    }
}
