/// A number that the store counts from its opening on; it only grows. A new one is a case here, its line in `metric`,
/// and `StoreTallies.add` where it happens.
public enum StoreCounter: Int, Sendable, CaseIterable {
    case settledBytes
    case fences
    case created
    case finished
    case failed
    case failedAppends
    case expired
    case deleted
    case forgotten
    case directBytes
    case bufferedBytes
    case directorySyncs
    case journalBatches
    case journalBodies
    case checkpoints
    case loads
    /// Data files synced.
    case syncs
    /// Transactions of the catalogue.
    case commits
    /// Changes that those transactions carried.
    case changes

    /// How it is told outside; nil for what a histogram tells.
    public var metric: Metric? {
        switch self {
        case .settledBytes: Metric("settled_bytes", "Bytes by which recorded offsets have grown.")
        case .fences: Metric("takeovers", "Requests that took an upload over from an older one.")
        case .created: Metric("uploads_created", "Uploads begun.")
        case .finished: Metric("uploads_finished", "Uploads that became whole.")
        case .failed: Metric("uploads_failed", "Uploads that were found damaged.")
        case .failedAppends: Metric("appends_failed", "Appends whose bytes could not be stored or recorded.")
        case .expired: Metric("uploads_expired", "Uploads that nobody went on with in time.")
        case .deleted: Metric("uploads_removed", "Uploads whose record was removed.")
        case .forgotten:
            Metric("uploads_forgotten", "Finished uploads forgotten, whose files had been taken away.")
        case .directBytes: StoreCounter.written("direct")
        case .bufferedBytes: StoreCounter.written("buffered")
        case .directorySyncs: Metric("directory_syncs", "Directories synced.")
        case .journalBatches: Metric("journal_writes", "Writes to the journal, each with one sync.")
        case .journalBodies: Metric("journal_files", "Small files that those writes made durable.")
        case .checkpoints: Metric("checkpoints", "Offsets recorded while their append went on.")
        case .loads: Metric("catalogue_loads", "Records read because memory did not hold them.")
        case .syncs, .commits, .changes: nil
        }
    }

    private static func written(_ path: String) -> Metric {
        Metric(
            "written_bytes", labels: [("path", path)],
            "Bytes written to data files, past the page cache or not.")
    }
}
