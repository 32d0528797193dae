internal import Storage

/// What each loop measures again and again. A new one is a case here, its line in `metric`, and `LoopCounters.record`
/// where it happens.
enum LoopHistogram: Int, CaseIterable {
    /// From the last byte of content to what has become of it: what a client waits for the server alone.
    case settleTimes

    /// How it is told outside.
    var metric: HistogramMetric {
        switch self {
        case .settleTimes:
            .times("settle", "How long requests waited, after their last byte, until it was safely stored.")
        }
    }
}
