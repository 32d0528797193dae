internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// The machinery behind one `WritePermit`. The object is also the job of its writes, so that a write allocates nothing.
final class Append: DiskJob {
    let id: UploadID
    let store: StoreParts
    /// The record when the permit was minted, as it is to be once something is stored: with a length that was said
    /// only now.
    let minted: Upload
    /// Whether nothing counts before the end: no checkpoint is recorded, and what breaks off is dropped.
    let isProvisional: Bool
    /// Whether somebody could go on with it: else nothing is left of it where it cannot be finished.
    let isResumable: Bool
    /// Where the file ends, or the request if that is known and comes earlier; nil if neither is known.
    let expectedEnd: Int64?
    /// What its owner may have, where only its bytes tell whether that is kept; else nil.
    let limits: OwnerLimits?
    private let reserveAtBegin: Int64
    private let token: UInt64
    let state: Mutex<AppendState>

    init(
        store: StoreParts, minted: Upload, recorded: Upload, token: UInt64, restarts: Bool, isProvisional: Bool,
        isResumable: Bool, announced: Int64?, limits: OwnerLimits?, owesRecord: Bool
    ) {
        self.store = store
        self.minted = minted
        self.token = token
        self.isProvisional = isProvisional
        self.isResumable = isResumable
        self.limits = limits
        reserveAtBegin = store.files.reserveBytes
        let end = announced.map { minted.offset.bytes.addingReportingOverflow($0) }
        expectedEnd = [minted.length, end.map { $0.overflow ? .max : $0.partialValue }].compactMap(\.self).min()
        id = minted.id
        state = Mutex(
            AppendState(
                record: recorded, start: minted.offset.bytes, owesRecord: owesRecord, owesRestart: restarts,
                nanoseconds: SystemClock.monotonicNanoseconds))
        guard let digests = store.files.digests else { return }
        let digest = digests.resumed(minted.digestState, at: minted.offset.bytes)
        state.withLock { state in
            state.digest = digest
            state.digestState = digest == nil ? nil : minted.digestState
        }
    }

    var failure: StorageError? { state.withLock { $0.failure } }
    /// Every byte below is in the file.
    var writtenBytes: Int64 { state.withLock { $0.written } }
    var recordedOffset: Offset { state.withLock { $0.record.offset } }

    /// Bytes that the file may still take at a position.
    func room(from position: Int64) -> Int64 { (minted.length ?? UploadLimits.lengthMax) - position }

    // MARK: The permit's side

    /// Nothing is written from here on.
    func fail(_ failure: StorageError) { state.withLock { $0.failure = $0.failure ?? failure } }

    /// Waits until no write is on its way and takes its buffer back.
    func drain() async -> AlignedBuffer? {
        if state.withLock({ $0.isWriting }) {
            await withUnsafeContinuation { waiter in
                let goesOn = state.withLock { state in
                    if state.isWriting { state.writeWaiter = waiter }
                    return !state.isWriting
                }
                if goesOn { waiter.resume() }
            }
        }
        return state.withLock { $0.buffer.take() }
    }

    /// Starts a write; none is on its way.
    func start(_ buffer: consuming AlignedBuffer, count: Int, at position: Int64) {
        payRecord()
        var given: AlignedBuffer? = consume buffer
        let starts = state.withLock { state in
            state.buffer = given.take()
            guard state.failure == nil, !state.isReleased else { return false }
            state.position = position
            state.count = count
            state.isWriting = true
            return true
        }
        if starts, !store.disk.submit(self) { finishWrite(nil, .closed) }
    }

    /// Begins to end: no checkpoint is begun any more, and none is on its way afterwards, nor a write.
    func becomeQuiet() async {
        state.withLock { $0.isEnding = true }
        await quiet()
    }

    /// Waits until neither a write nor a checkpoint is on its way.
    func quiet() async {
        if state.withLock({ $0.isQuiet }) { return }
        await withUnsafeContinuation { waiter in
            let goesOn = state.withLock { state in
                if !state.isQuiet { state.quietWaiter = waiter }
                return state.isQuiet
            }
            if goesOn { waiter.resume() }
        }
    }

    /// Gives the upload free, as soon as nothing is on its way. Bytes beyond the recorded offset are cut off when it is
    /// opened the next time.
    func abandon() {
        let awoken = state.withLock { state in
            state.isAbandoned = true
            return state.takeAwoken()
        }
        resume(awoken)
    }

    /// Leaves the upload to a claim, which releases it. Nothing is on its way.
    func handedOver(_ upload: Upload) -> UploadClaim {
        state.withLock { $0.isReleased = true }
        store.table.detach(id, token)
        var claim = UploadClaim(Grant(token: token, upload: upload), id: id, owner: upload.owner, store: store)
        claim.trace = minted.trace
        return claim
    }

    func resume(_ awoken: Awoken) {
        awoken.writeWaiter?.resume()
        awoken.quietWaiter?.resume()
        if awoken.releases { release() }
    }

    private func release() {
        payRecord()
        let (isFirst, small) = state.withLock { state in
            defer { state.isReleased = true }
            // The descriptors are closed before the next holder opens its own.
            state.file = nil
            return (!state.isReleased, state.small.take())
        }
        if let small { store.smallBuffers.giveBack(small) }
        if isFirst { store.table.release(id, token) }
    }

    /// Sends the record of a new upload to the catalogue, unless that has been done.
    func payRecord() {
        let owes = state.withLock { state in
            defer { state.owesRecord = false }
            return state.owesRecord
        }
        if owes { store.catalogue.enqueueStaged(id, .put(minted)) }
    }

    // MARK: On a disk thread

    /// Free space that is left alone: what was so when it was let begin. Who raises that since cuts nothing short.
    var reserveBytes: Int64 { min(reserveAtBegin, store.files.reserveBytes) }

    /// Writes the buffer.
    func run() {
        var buffer = state.withLock { $0.buffer.take() }
        let small = state.withLock { $0.small }
        var failure: StorageError?
        do throws(StorageError) {
            if let memory = buffer?.memory ?? small?.memory { try write(memory) }
        } catch { failure = error }
        finishWrite(buffer.take(), failure)
    }

    private func write(_ memory: UnsafeRawPointer) throws(StorageError) {
        let (position, count) = state.withLock { ($0.position, $0.count) }
        if reserveBytes > 0 { try store.files.checkFits(Int64(count), besides: reserveBytes) }
        let file = try open()
        var end = position
        let gap = Int(position % Int64(AlignedBuffer.alignment))
        defer { wrote(memory + gap, Int(end - position), end) }
        reserve(file, position: position, count: count)
        do throws(Errno) {
            try file.write(memory + gap, count: count, at: position, end: &end)
        } catch { throw StorageError(error, "write upload \(id)") }
    }

    /// So many bytes are in the file, up to `end`. They are still in the processor's cache, so this is where a digest
    /// costs least.
    private func wrote(_ memory: UnsafeRawPointer, _ count: Int, _ end: Int64) {
        guard store.files.digests != nil else { return state.withLock { $0.written = end } }
        let digest = state.withLock { $0.digest }
        digest?.update(UnsafeRawBufferPointer(start: memory, count: count))
        let saved = digest?.saved
        state.withLock { state in
            state.written = end
            state.digestState = saved
        }
    }

    /// The data file, opened and cut to the recorded offset by whoever needs it first.
    func open() throws(StorageError) -> DataFile {
        if let file = state.withLock({ $0.file }) { return file }
        let file = try store.files.openData(id, at: minted.offset)
        state.withLock { $0.file = file }
        return file
    }

    func finishWrite(_ buffer: consuming AlignedBuffer?, _ failure: StorageError?) {
        var written = consume buffer
        let nanoseconds = SystemClock.monotonicNanoseconds
        let (awoken, isDue, small) = state.withLock { state in
            if let buffer = written.take() { state.buffer = consume buffer }
            state.isWriting = false
            state.lastMoveNanoseconds = nanoseconds
            state.failure = state.failure ?? failure
            let isDue = !isProvisional && !state.isAbandoned && state.isCheckpointDue(nanoseconds: nanoseconds)
            if isDue { state.isCheckpointing = true }
            return (state.takeAwoken(), isDue, state.small.take())
        }
        if let small { store.smallBuffers.giveBack(small) }
        resume(awoken)
        if isDue { checkpoint() }
    }

    /// Records what is written so far while the append goes on.
    func checkpoint() {
        let job = ClosureJob { [self] in
            let (file, end, record, digest) = state.withLock { ($0.file, $0.written, $0.record, $0.digestState) }
            do throws(Errno) { try file?.sync() } catch {
                let failure = StorageError(error, "sync upload \(id)")
                state.withLock { $0.syncFailure = failure }
                return finishCheckpoint(record, failure)
            }
            let next = store.renewed(minted.at(Offset(end), digestState: digest))
            store.files.counters.add(.checkpoints)
            store.catalogue.enqueue(id, .put(next), syncs: directorySyncs(record)) { [self] failure in
                finishCheckpoint(failure == nil ? next : record, failure)
            }
        }
        if !store.disk.submit(job, on: .long) { finishCheckpoint(state.withLock { $0.record }, .closed) }
    }

    private func finishCheckpoint(_ record: Upload, _ failure: StorageError?) {
        let (awoken, waiters) = state.withLock { state in
            state.isCheckpointing = false
            state.lastCheckpointNanoseconds = SystemClock.monotonicNanoseconds
            state.record = record
            state.failure = state.failure ?? failure
            defer { state.checkpointWaiters = [] }
            return (state.takeAwoken(), state.checkpointWaiters)
        }
        for waiter in waiters.map(\.waiter) { waiter.resume(returning: .success(record)) }
        resume(awoken)
    }

    /// The name of a new data file must be on the disk before its first offset is recorded.
    func directorySyncs(_ record: Upload) -> DirectorySyncs { record.offset == .zero ? .uploads : [] }
}
