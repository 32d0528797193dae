internal import LinuxSystem
internal import Uploads

/// What a segment of the journal is used for.
struct SegmentUse {
    enum Phase {
        case free
        /// Takes batches.
        case open
        /// Takes no more, but files of its last batch may not be written yet.
        case closed
        /// All its files are written and wait for their sync.
        case retired
    }

    var phase = Phase.free
    /// The files whose bytes it holds.
    private(set) var files: [(id: UploadID, name: CleanName)] = []
    /// When the first of them came.
    private(set) var sinceNanoseconds: Int64?

    mutating func add(_ bodies: [SmallBody]) {
        sinceNanoseconds = sinceNanoseconds ?? SystemClock.monotonicNanoseconds
        files += bodies.map { ($0.finished.id, $0.finished.name) }
    }
}
