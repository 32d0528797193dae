internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// Where small bodies are safe from a loss of power until their files are: `journal/0` and `journal/1`.
///
/// A batch of bodies is one sequential write and one sync, instead of two syncs for each file. Its files are written as
/// well, without a sync; later on, when the segment is full or after a while, all of them are synced at once, and the
/// segment is taken anew. Rows of the catalogue name the batch that holds their bytes, and are committed after the
/// batch's sync; so a row vouches for its batch, and after a crash `JournalReplay` writes the files of such rows again.
///
/// Batches are written by the catalogue's thread, segments are released by the journal's own. When there is no room,
/// the answer is nil and the bodies go the long way.
final class Journal: Sendable {
    private let state: Mutex<JournalState>
    /// A segment's head and a batch's head.
    private let heads = Mutex<AlignedBuffer?>(AlignedBuffer(count: 2 * JournalLimits.blockBytes))
    private let isOpen = Atomic<Bool>(true)
    /// 1 once the journal's thread may have something to do.
    private let word = Atomic<UInt32>(0)
    /// Counts what whoever waits for a release may look at.
    private let releases = Atomic<UInt32>(0)
    private let files: StoreFiles
    private let path: String
    private let segmentBytes: Int64

    /// - Parameter nextNumber: greater than that of every batch before.
    init(files: StoreFiles, configuration: StoreConfiguration, nextNumber: Int64) {
        self.files = files
        path = configuration.path
        let block = Int64(JournalLimits.blockBytes)
        segmentBytes = max(configuration.journalBytes / Int64(JournalLimits.segments) / block * block, 2 * block)
        state = Mutex(
            JournalState(
                segmentBytes: segmentBytes, holdNanoseconds: configuration.journalHoldNanoseconds,
                nextNumber: nextNumber))
    }

    /// Whether it is worth asking.
    var isAvailable: Bool { isOpen.load(ordering: .relaxed) }

    // MARK: On the catalogue's thread

    /// Puts bodies on stable storage and answers their batch's number; nil if that could not be done, and then they are
    /// nowhere.
    func write(_ bodies: [SmallBody]) -> Int64? {
        let block = JournalLimits.blockBytes
        let bytes = Int64(block + bodies.reduce(0) { $0 + JournalBlock.span($1.count) })
        do throws(StorageError) {
            guard let place = try take(bytes) else { return nil }
            try write(bodies, to: place)
            state.withLock { $0.add(bodies, bytes: bytes, to: place) }
            files.counters.countJournalBatch(bodies: bodies.count)
            return place.number
        } catch {
            fail(error)
            return nil
        }
    }

    /// The files of every batch so far are written and have their names, or never will.
    func batchEnded() {
        let wakes = state.withLock { $0.batchEnded() }
        if wakes { wake() }
    }

    private func write(_ bodies: [SmallBody], to place: JournalState.Place) throws(StorageError) {
        let block = JournalLimits.blockBytes
        let entries = bodies.map { JournalBlock.Entry(id: $0.finished.id, length: $0.count) }
        try doing("write the journal in \(path)") { () throws(Errno) in
            try heads.withLock { heads throws(Errno) in
                guard let memory = heads?.memory else { throw .noMemory }
                JournalBlock.writeBatchHead(memory + block, number: place.number, entries)
                // The head of a segment goes with its first batch.
                let isFirst = place.position == Int64(block)
                if isFirst { JournalBlock.writeSegmentHead(memory, first: place.number) }
                let head = UnsafeRawBufferPointer(
                    start: isFirst ? memory : memory + block, count: isFirst ? 2 * block : block)
                let pieces = bodies.map {
                    UnsafeRawBufferPointer(start: $0.buffer.memory, count: JournalBlock.span($0.count))
                }
                try place.segment.file.write(
                    gathering: [head] + pieces, at: place.position - (isFirst ? Int64(block) : 0))
                let start = SystemClock.monotonicNanoseconds
                try place.segment.file.syncData()
                files.counters.countJournalSync(sinceNanoseconds: start)
            }
        }
    }

    /// Where a batch of so many bytes goes; nil while there is no room.
    private func take(_ bytes: Int64) throws(StorageError) -> JournalState.Place? {
        guard isAvailable, Int64(JournalLimits.blockBytes) + bytes <= segmentBytes, try hasSegments() else {
            return nil
        }
        return state.withLock { $0.take(bytes) }
    }

    /// Makes the segments when they are first needed.
    private func hasSegments() throws(StorageError) -> Bool {
        let (isMade, retry) = state.withLock { (!$0.segments.isEmpty, $0.retryNanoseconds) }
        if isMade { return true }
        let now = SystemClock.monotonicNanoseconds
        guard now >= retry else { return false }
        let made: [JournalSegment]
        do throws(StorageError) { made = try files.makeJournal(segmentBytes: segmentBytes) } catch {
            guard error == .noSpace else { throw error }
            made = []
        }
        state.withLock { state in
            state.segments = made
            state.retryNanoseconds = now + JournalLimits.retryNanoseconds
        }
        return !made.isEmpty
    }

    private func fail(_ error: StorageError) {
        isOpen.store(false, ordering: .relaxed)
        state.withLock { $0.failure = $0.failure ?? error }
        files.report(.journalFailed(error))
        announce()
    }

    // MARK: On the journal's thread

    /// Releases segments until `stop`.
    func run() {
        while true {
            word.store(0, ordering: .relaxed)
            switch state.withLock({ $0.nextStep(nowNanoseconds: SystemClock.monotonicNanoseconds) }) {
            case .stop: return
            case .sleep(let nanoseconds): Futex.wait(word, while: 0, nanosecondsMax: nanoseconds)
            case .release(let index): release(index)
            }
        }
    }

    private func release(_ index: Int) {
        let (segment, entries) = state.withLock { ($0.segments[index], $0.use[index].files) }
        do throws(StorageError) {
            try files.syncSmall(entries)
            let next = state.withLock { $0.nextNumber }
            try doing("release a segment of the journal in \(path)") { () throws(Errno) in
                try segment.release(first: next)
            }
            state.withLock { $0.use[index] = SegmentUse() }
            announce()
        } catch {
            // The segment is never taken again: the next start writes its files anew.
            fail(error)
        }
    }

    // MARK: From everywhere

    /// Waits until the files of every body that the journal holds are synced. Blocks.
    func flush() throws(StorageError) {
        while true {
            let seen = releases.load(ordering: .acquiring)
            let (isReleased, failure) = state.withLock { state in
                state.retireCurrent()
                return (state.isReleased, state.failure)
            }
            if isReleased { return }
            if let failure { throw failure }
            wake()
            Futex.wait(releases, while: seen)
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

    private func announce() {
        releases.add(1, ordering: .releasing)
        Futex.wake(releases, count: .max)
    }
}
