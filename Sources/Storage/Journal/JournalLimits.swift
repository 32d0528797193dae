/// The bounds and the format's numbers of the journal.
enum JournalLimits {
    /// What everything in a segment is aligned to, in bytes.
    static let blockBytes = 4096
    /// How many segments there are: one takes bodies while the files of the other one are synced.
    static let segments = 2
    /// The most bodies of one batch; their entries fit into the block before them.
    static let bodiesPerBatchMax = 128
    /// After a journal could not be made, how long until the next attempt, in nanoseconds.
    static let retryNanoseconds: Int64 = 60_000_000_000
}
