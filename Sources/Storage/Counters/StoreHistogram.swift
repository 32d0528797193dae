/// What the store measures again and again. A new one is a case here, its lines below, and `StoreTallies.record` where
/// it happens.
public enum StoreHistogram: Int, Sendable, CaseIterable {
    /// How long syncs of data files and of the journal took, in nanoseconds.
    case syncTimes
    /// How many changes shared a commit.
    case batchSizes

    /// How it is told outside.
    public var metric: Metric {
        switch self {
        case .syncTimes: Metric("sync_seconds", "How long syncs of data files took.")
        case .batchSizes: Metric("catalogue_commit_changes", "Changes that shared one commit of the catalogue.")
        }
    }

    /// Whether its values are nanoseconds, told as seconds.
    public var isTime: Bool {
        switch self {
        case .syncTimes: true
        case .batchSizes: false
        }
    }

    /// The upper ends of its ranges, ascending; fewer than `HistogramTally.ranges`.
    var bounds: [Int64] {
        switch self {
        case .syncTimes: Histogram.timeBounds
        // Up to `StorageLimits.changesPerCommitMax`.
        case .batchSizes: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
        }
    }
}
