/// The bounds and the format's numbers of the journal.
enum JournalLimits {
    /// What everything in a segment is aligned to, in bytes.
    static let blockBytes = 4096
    /// How many segments there are: one takes bodies while the files of the other one are synced.
    static let segments = 2
    /// The most bodies of one batch; their entries fit into the block before them.
    static let bodiesPerBatchMax = 128
    /// After a failure, how long until the next attempt, in nanoseconds: so long at first, and twice as long each time.
    static let pauseNanoseconds: Int64 = 1_000_000_000
    /// And so long at most; also after the journal found no room to be made in.
    static let pauseNanosecondsMax: Int64 = 60_000_000_000
}
