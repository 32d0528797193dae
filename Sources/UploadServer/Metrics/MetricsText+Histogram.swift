internal import Storage

extension MetricsText {
    /// A family of counted ranges.
    ///
    /// - Parameter unit: how a value is told.
    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram, unit: (Int64) -> String) {
        begin(name, .histogram, help)
        var total: Int64 = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            total += count
            sample([("le", unit(bound))], suffix: "_bucket", "\(total)")
        }
        total += histogram.counts.last ?? 0
        sample([("le", "+Inf")], suffix: "_bucket", "\(total)")
        sample([], suffix: "_sum", unit(histogram.sum))
        sample([], suffix: "_count", "\(total)")
    }
}
