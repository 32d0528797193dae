/// What the store measures again and again. A new one is a case here, its line in `metric`, and `StoreTallies.record`
/// where it happens.
public enum StoreHistogram: Int, Sendable, CaseIterable {
    /// How long syncs of data files and of the journal took.
    case syncTimes
    /// How many changes shared a commit.
    case batchSizes

    /// How it is told outside.
    public var metric: HistogramMetric {
        switch self {
        case .syncTimes: .times("sync", "How long syncs of data files took.")
        case .batchSizes:
            // Up to `StorageLimits.changesPerCommitMax`.
            .counts(
                "catalogue_commit_changes", "Changes that shared one commit of the catalogue.",
                bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
        }
    }
}
