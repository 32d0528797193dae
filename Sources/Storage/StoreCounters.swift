/// What a store has done since it was opened. Every number only grows.
public struct StoreCounters: Sendable, Equatable {
    /// Data files synced.
    public var syncs: Int64 = 0
    /// Directories synced.
    public var directorySyncs: Int64 = 0
    /// Transactions of the catalogue.
    public var commits: Int64 = 0
    /// Changes that those transactions carried.
    public var changes: Int64 = 0
    /// Offsets recorded while their append went on.
    public var checkpoints: Int64 = 0
    /// Records read from the catalogue because memory did not hold them.
    public var loads: Int64 = 0
    /// Bytes written past the page cache.
    public var directBytes: Int64 = 0
    /// Bytes written through the page cache.
    public var bufferedBytes: Int64 = 0
    /// Bytes by which recorded offsets have grown.
    public var settledBytes: Int64 = 0
    /// Requests that took an upload over from an older one.
    public var fences: Int64 = 0
    /// Records made.
    public var created: Int64 = 0
    /// Uploads that became whole.
    public var finished: Int64 = 0
    /// Uploads that were found damaged.
    public var failed: Int64 = 0
    /// Uploads that nobody went on with in time.
    public var expired: Int64 = 0
    /// Records removed, on request or some time after they expired.
    public var deleted: Int64 = 0
    /// Records removed of finished uploads whose files had been taken away.
    public var forgotten: Int64 = 0
    /// How long syncs of data files and of the journal took, in nanoseconds.
    public var syncTimes = Histogram(bounds: Histogram.syncBounds)
    /// How many changes shared a commit.
    public var batchSizes = Histogram(bounds: Histogram.batchBounds)

    /// Writes to the journal, each with one sync.
    public var journalBatches: Int64 = 0
    /// Small bodies that those writes carried.
    public var journalBodies: Int64 = 0

    public init() {}
}
