internal import LinuxSystem
internal import Uploads

/// A small file that was not synced when it was delivered.
struct SmallFile: Equatable, Sendable {
    let id: UploadID
    let name: CleanName
}

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
        /// A sync failed, or a crash came, and the files may be lost: they are to be written again from here.
        case doubtful
    }

    var phase = Phase.free
    /// The files whose bytes it holds.
    private(set) var files: [SmallFile] = []
    /// The number of its first batch.
    private(set) var first: Int64 = 0
    /// When each batch's files had been written, by the wall clock: a file that has changed since is its owner's.
    private(set) var endsNanoseconds: [Int64] = []
    /// When the first of them came, by the monotonic clock.
    private(set) var sinceNanoseconds: Int64?
    /// Between two attempts to release it.
    var pause = JournalPause()
    var failure: StorageError?
    /// Whether a run before this one has written it.
    private(set) var isLeft = false
    /// Of a doubtful segment, the only files that are still to be written again; nil for all.
    private var awaited: Set<UploadID>?

    init() {}

    /// One that a run before this one has left.
    init(left phase: Phase, _ files: [SmallFile], _ failure: StorageError? = nil) {
        self.phase = phase
        self.files = files
        self.failure = failure
        isLeft = true
        // Where it could not even be read, nobody knows which.
        if phase == .doubtful, !files.isEmpty { awaited = Set(files.map(\.id)) }
    }

    /// Whether a file is to be written again: one that was, and can be had, is its owner's.
    func awaits(_ file: SmallFile) -> Bool { awaited?.contains(file.id) ?? true }

    /// Only these are still to be written again.
    mutating func keep(_ left: [SmallFile]) {
        files = left
        awaited = Set(left.map(\.id))
    }

    mutating func add(_ bodies: [SmallBody], number: Int64) {
        if sinceNanoseconds == nil {
            sinceNanoseconds = SystemClock.monotonicNanoseconds
            first = number
        }
        files += bodies.map { SmallFile(id: $0.finished.id, name: $0.finished.name) }
        // Not before the files are written: see `batchEnded`.
        endsNanoseconds.append(.max)
    }

    /// The files of its batches are written.
    mutating func batchEnded() {
        let now = SystemClock.wallNanoseconds
        for index in endsNanoseconds.indices.reversed() {
            if endsNanoseconds[index] != .max { break }
            endsNanoseconds[index] = now
        }
    }

    /// When the files of a batch had been written; nil for what another run has written.
    func endNanoseconds(_ number: Int64) -> Int64? {
        let index = number - first
        return endsNanoseconds.indices.contains(Int(index)) ? endsNanoseconds[Int(index)] : nil
    }
}
