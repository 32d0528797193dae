internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// Where small bodies are safe from a loss of power until their files are: `journal/0` and `journal/1`.
///
/// A batch of bodies is one sequential write and one sync, instead of two syncs for each file. Its files are written as
/// well, without a sync; later on, when the segment is full or after a while, all of them are synced at once, and the
/// segment is taken anew. Rows of the catalogue name the batch that holds their bytes, and are committed after the
/// batch's sync; so a row vouches for its batch, and after a loss of power `JournalReplay` writes the files of such
/// rows again.
///
/// Batches are written by the catalogue's thread, segments are released by the journal's own. When there is no room, or
/// after a failure, the answer is nil and the bodies go the long way; the journal is tried again after a pause.
final class Journal: Sendable {
    let state: Mutex<JournalState>
    /// A segment's head and a batch's head.
    private let heads = Mutex<AlignedBuffer?>(AlignedBuffer(count: 2 * JournalLimits.blockBytes))
    /// Until when no batch is tried, by the monotonic clock; `min` when all is well.
    private let pausedUntil = Atomic<Int64>(.min)
    /// 1 once the journal's thread may have something to do.
    private let word = Atomic<UInt32>(0)
    let files: StoreFiles
    let table: UploadTable
    let path: String
    private let segmentBytes: Int64
    private let takesBatches: Bool
    private let cache: PageCacheID?

    /// - Parameters:
    ///   - takesBatches: false for one that only finishes with what another run has left.
    ///   - cache: where files are written now.
    init(
        files: StoreFiles, table: UploadTable, configuration: StoreConfiguration, takesBatches: Bool,
        cache: PageCacheID?, left: JournalLeft
    ) {
        self.files = files
        self.table = table
        self.takesBatches = takesBatches
        self.cache = cache
        path = configuration.path
        let block = Int64(JournalLimits.blockBytes)
        segmentBytes = max(configuration.journalBytes / Int64(JournalLimits.segments) / block * block, 2 * block)
        state = Mutex(
            JournalState(
                segmentBytes: segmentBytes, holdNanoseconds: configuration.journalHoldNanoseconds, left: left))
    }

    /// Whether it is worth asking.
    var isAvailable: Bool {
        let until = pausedUntil.load(ordering: .relaxed)
        return takesBatches && (until == .min || until <= SystemClock.monotonicNanoseconds)
    }

    /// Why it, or a part of it, cannot be used at this moment, or nil.
    var failure: StorageError? { state.withLock { $0.failure } }

    /// Whether the journal stands in for a file of this upload.
    func holds(_ id: UploadID) -> Bool { state.withLock { !$0.files(of: id).isEmpty } }

    /// Puts the files of one upload on stable storage in their own places, whatever becomes of the rest. Blocks as long
    /// as that takes.
    func sync(_ id: UploadID) throws(StorageError) {
        for (file, failure) in state.withLock({ $0.files(of: id) }) {
            // Its bytes may be lost; it is written again soon.
            if let failure { throw failure }
            try files.syncSmall(file)
        }
    }

    // MARK: On the catalogue's thread

    /// Puts bodies on stable storage and answers their batch's number; nil if that could not be done, and then they are
    /// nowhere.
    func write(_ bodies: [SmallBody]) -> Int64? {
        let block = JournalLimits.blockBytes
        let bytes = Int64(block + bodies.reduce(0) { $0 + JournalBlock.span($1.count) })
        do throws(StorageError) {
            guard var place = try take(bytes) else { return nil }
            try write(bodies, to: &place)
            change { [place] in $0.add(bodies, bytes: bytes, to: place) }
            files.counters.add(.journalBatches)
            files.counters.add(.journalBodies, Int64(bodies.count))
            return place.number
        } catch {
            change { $0.writeFailed(error, nowNanoseconds: SystemClock.monotonicNanoseconds) }
            return nil
        }
    }

    /// The files of every batch so far are written and have their names, or never will.
    func batchEnded() {
        let wakes = state.withLock { $0.batchEnded() }
        if wakes { wake() }
    }

    private func write(_ bodies: [SmallBody], to place: inout JournalState.Place) throws(StorageError) {
        if state.withLock({ $0.hasWriteFailed }) { try settle(place.segment) }
        do throws(StorageError) { try write(bodies, at: place) } catch {
            guard try goesBuffered(after: error, place.segment) else { throw error }
            place.segment = state.withLock { [place] in $0.segments[place.index] }
            try write(bodies, at: place)
        }
    }

    private func write(_ bodies: [SmallBody], at place: JournalState.Place) throws(StorageError) {
        let block = JournalLimits.blockBytes
        let entries = bodies.map { JournalBlock.Entry(id: $0.finished.id, length: $0.count) }
        try doing("write the journal in \(path)") { () throws(Errno) in
            try heads.withLock { heads throws(Errno) in
                guard let memory = heads?.memory else { throw .noMemory }
                JournalBlock.writeBatchHead(memory + block, number: place.number, salt: place.salt, entries)
                // The head of a segment goes with its first batch.
                let isFirst = place.position == Int64(block)
                if isFirst {
                    JournalBlock.writeSegmentHead(
                        memory, JournalBlock.SegmentHead(first: place.number, salt: place.salt, cache: cache))
                }
                let head = UnsafeRawBufferPointer(
                    start: isFirst ? memory : memory + block, count: isFirst ? 2 * block : block)
                let pieces = bodies.map {
                    UnsafeRawBufferPointer(start: $0.buffer.memory, count: JournalBlock.span($0.count))
                }
                try place.segment.file.write(
                    gathering: [head] + pieces, at: place.position - (isFirst ? Int64(block) : 0))
                let start = SystemClock.monotonicNanoseconds
                try place.segment.file.syncData()
                files.counters.record(.syncTimes, SystemClock.monotonicNanoseconds - start)
            }
        }
    }

    /// Has the page cache forget what the disk has refused of a segment that is written through it: what is written to
    /// the same place once more would look as if it were on the disk. See `StoreFiles.settleCatalogue`.
    private func settle(_ segment: JournalSegment) throws(StorageError) {
        try doing("sync the journal in \(path)") { () throws(Errno) in
            // A failure is told once.
            try? segment.file.syncData()
            try segment.file.syncData()
            try segment.file.dropCached()
        }
    }

    /// Opens the segments anew, through the page cache, where the file system has refused a write past it. Answers
    /// whether that was it.
    private func goesBuffered(after failure: StorageError, _ segment: JournalSegment) throws(StorageError) -> Bool {
        guard segment.isDirect, case .io(let errno, _) = failure,
            errno == .invalidArgument || errno == .notSupported
        else { return false }
        let buffered = try files.makeJournal(segmentBytes: segmentBytes, direct: false)
        state.withLock { $0.segments = buffered }
        files.report(.journalBuffered(errno))
        return true
    }

    /// Where a batch of so many bytes goes; nil while there is no room.
    private func take(_ bytes: Int64) throws(StorageError) -> JournalState.Place? {
        guard isAvailable, Int64(JournalLimits.blockBytes) + bytes <= segmentBytes, try hasSegments() else {
            return nil
        }
        return state.withLock { $0.take(bytes) }
    }

    /// Makes the segments when they are first needed and nothing of another run is in them.
    private func hasSegments() throws(StorageError) -> Bool {
        let (isMade, isLeft) = state.withLock { (!$0.segments.isEmpty, $0.isLeft) }
        if isMade || isLeft { return isMade }
        do throws(StorageError) {
            let made = try files.makeJournal(segmentBytes: segmentBytes, direct: true)
            state.withLock { $0.segments = made }
            return true
        } catch {
            guard error == .noSpace else { throw error }
            change { $0.rest(nowNanoseconds: SystemClock.monotonicNanoseconds) }
            return false
        }
    }

    // MARK: On the journal's thread

    /// Releases segments until `stop`.
    func run() {
        if let failure { files.report(.journalFailed(failure)) }
        while true {
            word.store(0, ordering: .relaxed)
            switch state.withLock({ $0.nextStep(nowNanoseconds: SystemClock.monotonicNanoseconds) }) {
            case .stop: return
            case .sleep(let nanoseconds?): Futex.wait(word, while: 0, nanosecondsMax: nanoseconds)
            case .sleep(nil): Futex.wait(word, while: 0)
            case .release(let index): release(index)
            case .restore(let index): restore(index)
            }
        }
    }

    /// Lets the journal's thread release what there is and end. No batch may come any more.
    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    private func wake() {
        word.store(1, ordering: .releasing)
        Futex.wake(word, count: 1)
    }

    /// Changes the state, and reports when the journal ceases or begins to be in order.
    func change(_ body: (inout JournalState) -> Void) {
        let (before, after) = state.withLock { state in
            let before = state.failure
            body(&state)
            pausedUntil.store(state.pause.untilNanoseconds, ordering: .relaxed)
            return (before, state.failure)
        }
        if before == nil, let after { files.report(.journalFailed(after)) }
        if before != nil, after == nil { files.report(.journalResumed) }
    }
}
