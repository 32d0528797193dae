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

    /// Writes to the journal, each with one sync.
    public var journalBatches: Int64 = 0
    /// Small bodies that those writes carried.
    public var journalBodies: Int64 = 0

    public init() {}
}
