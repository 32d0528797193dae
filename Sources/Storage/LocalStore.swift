public import LinuxSystem
internal import Synchronization
public import Uploads

/// Uploads on this machine's disk: their bytes in files, everything else about them in SQLite.
///
/// Its asynchronous functions resume on the caller's executor and never block it. Close it before letting go of it: its
/// threads run until then.
public final class LocalStore: Sendable {
    let parts: StoreParts
    let queries: BatchQueue<CatalogueQuery>
    private let threads: StoreThreads
    /// Holds the lock of the directory.
    private let root: Mutex<Directory?>
    private let isClosed = Atomic<Bool>(false)
    private let openAttemptsMax = 3

    init(
        parts: StoreParts, queries: BatchQueue<CatalogueQuery>, threads: StoreThreads, root: consuming Directory
    ) {
        self.parts = parts
        self.queries = queries
        self.threads = threads
        self.root = Mutex(consume root)
    }

    /// Finishes what is queued, stops the threads, closes the catalogue and frees the lock of the directory. Blocks.
    /// Whoever still waits, and every later call, gets `closed`.
    public func close() {
        if isClosed.exchange(true, ordering: .acquiringAndReleasing) { return }
        parts.table.close()
        parts.assemblies.stop()
        threads.stop(disk: parts.disk)
        parts.table.failWaiters()
        parts.files.letGoOfDatabase()
        root.withLock { $0 = nil }
    }

    /// Seconds since 1970-01-01 UTC, by the clock that uploads expire by.
    ///
    /// While that clock is doubted it is the earlier one of two times, so that nothing ends too soon.
    public var nowSeconds: Int64 { parts.clock.earliestSeconds }

    // MARK: Requests

    /// The record, with the offset last recorded; nil if there is none. Disturbs nobody and waits for no append.
    ///
    /// - Parameter onWait: told, on the caller's executor, where it is not answered at once; likewise below.
    public func snapshot(
        of id: UploadID, onWait: (UploadWait) -> Void = { _ in }
    ) async throws(StorageError) -> Upload? {
        try await parts.table.read(id, onWait: onWait)
    }

    /// The record as an owner may see it (nil: whoever is nobody in particular). Disturbs nobody.
    ///
    /// What is somebody else's takes the steps that an unknown id takes, and no other: memory is asked, and then the
    /// catalogue for the owner alone. So neither the time nor a damaged or newer record tells that there is one.
    public func look(
        at id: UploadID, as owner: Owner?, onWait: (UploadWait) -> Void = { _ in }
    ) async throws(StorageError) -> OwnedLook {
        if let known = try parts.table.known(id), known.owner == owner { return .own(known) }
        let result: Result<CatalogueOwner, StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.owner(id, waiter)) { waiter.resume(returning: .failure(.closed)) }
        }
        switch try result.get() {
        case .noRecord: return .none
        case .owner(let found) where found == owner: break
        case .owner, .unreadable: return .others
        }
        guard let upload = try await snapshot(of: id, onWait: onWait) else { return .none }
        return upload.owner == owner ? .own(upload) : .others
    }

    /// The record at rest: fences whoever holds the upload, and answers once its bytes are settled. Nil if there is
    /// none. A claim that still waits is superseded, so that the next append at the answered offset is right.
    ///
    /// - Parameter requester: as for `claim`.
    /// - Throws: `misuse` for who holds the upload itself.
    public func fencedUpload(
        _ id: UploadID, by requester: UInt64? = nil, onWait: (UploadWait) -> Void = { _ in }
    ) async throws(StorageError) -> Upload? {
        let upload = try await parts.table.observe(id, by: requester, onWait: onWait)
        return await isTaken(upload) ? nil : upload
    }

    /// Like `fencedUpload`, but an append of the file-id dialect that moves goes on: what it has written by now is
    /// settled, and that offset answered. The next append finds a higher one then, and has it told. A claim that is not
    /// an append yet goes on, too: the offset is the one recorded before it.
    public func progress(
        of id: UploadID, by requester: UInt64? = nil, onWait: (UploadWait) -> Void = { _ in }
    ) async throws(StorageError) -> Upload? {
        if let append = parts.table.unfencedAppend(id), append.isMoving,
            let upload = try await append.settledSoFar(onWait: onWait)
        {
            return upload
        }
        // Who has just come is left alone as well: it waits for the server, not the server for it.
        guard parts.table.isBeingTaken(id) else { return try await fencedUpload(id, by: requester, onWait: onWait) }
        let upload = try await snapshot(of: id, onWait: onWait)
        return await isTaken(upload) ? nil : upload
    }

    /// Whether a finished upload counts for nothing any more: its file was taken away, and whoever lost the answer has
    /// had time to ask. Looks at the disk only for those that are old enough.
    private func isTaken(_ upload: Upload?) async -> Bool {
        guard let upload, upload.state == .finished, let file = upload.finished else { return false }
        let age = parts.wallSeconds().subtractingReportingOverflow(file.finishedSeconds)
        guard !age.overflow, age.partialValue >= StorageLimits.takenSeconds else { return false }
        let files = parts.files
        do throws(StorageError) {
            return try await parts.disk.run { () throws(StorageError) in
                guard try files.deliveredSize(upload.id, file.name) == nil else { return false }
                return try files.dataSize(upload.id) == nil
            }
        } catch { return false }
    }

    /// Takes an upload, whether or not there is a record: fences whoever holds it, and answers once it is released.
    ///
    /// - Parameters:
    ///   - owner: whose an upload will be that is made under the claim.
    ///   - endsJoins: whether a `concatenate` of the upload, or of others that it is a part of, ends for that, as for a
    ///     deletion. Otherwise it is waited for.
    ///   - onFence: called at most once, from the newer request's thread, when that one wants the upload. The claim or
    ///     permit is to be ended soon then; it must not wait.
    ///   - requester: a number of the request's own: whatever it asks for that would wait for the end of this claim, or
    ///     of its permit, fails at once. Nil where it asks for nothing meanwhile.
    /// - Throws: `superseded` if a newer request came while this one waited, `busy` if the wait was given up, `misuse`
    ///   for who holds the upload already.
    public func claim(
        _ id: UploadID, for owner: Owner? = nil, endsJoins: Bool = false, by requester: UInt64? = nil,
        onWait: (UploadWait) -> Void = { _ in }, onFence: @escaping @Sendable () -> Void
    ) async throws(StorageError) -> UploadClaim {
        let grant = try await parts.table.claim(
            id, endsJoins: endsJoins, by: requester, onWait: onWait, onFence: onFence)
        return UploadClaim(grant, id: id, owner: owner, store: parts, isTaken: await isTaken(grant.upload))
    }

    /// Takes an upload whose id was drawn at random just now, without looking for a record.
    ///
    /// - Parameters:
    ///   - owner: whose it will be.
    ///   - requester: as for `claim`; so is `onFence`.
    public func claimNew(
        _ id: UploadID, for owner: Owner? = nil, by requester: UInt64? = nil, onFence: @escaping @Sendable () -> Void
    ) throws(StorageError) -> UploadClaim {
        UploadClaim(try parts.table.claimNew(id, by: requester, onFence: onFence), id: id, owner: owner, store: parts)
    }

    /// Pins uploads, whether or not there are records: fences whoever holds one of them, and answers when nobody does.
    /// Each is waited for while the others are pinned, always in the same order, so that two who pin never wait for
    /// each other.
    ///
    /// - Parameter requester: as for `claim`.
    /// - Throws: `misuse` for who holds one of them itself.
    public func pin(
        _ ids: Set<UploadID>, by requester: UInt64? = nil, onWait: (UploadWait) -> Void = { _ in }
    ) async throws(StorageError) -> PinnedUploads {
        var pinned = PinnedUploads(parts.table)
        for id in ids.sorted(by: { ($0.high, $0.low) < ($1.high, $1.low) }) {
            try await pinned.add(id, by: requester, onWait: onWait)
        }
        return pinned
    }

    /// Whether somebody holds the upload at this moment: an append or a join is on its way.
    public func isHeld(_ id: UploadID) -> Bool { parts.table.isHeld(id) }

    /// What an owner has, with what unfinished uploads have promised. Reads the catalogue where memory does not know.
    public func usage(of owner: Owner) async throws(StorageError) -> Usage { try await parts.table.usage(of: owner) }

    /// Opens the file as last delivered, or as its owner has changed it since; nil if none was, or if it has been taken
    /// away. Disturbs nobody.
    public func openFinished(_ id: UploadID) async throws(StorageError) -> FinishedReader? {
        // It may be replaced, also by one of another name, between the looks at the record and the opening.
        for attempt in 1...openAttemptsMax {
            guard let upload = try await snapshot(of: id), let finished = upload.finished else { return nil }
            let (file, isRecorded) = try await parts.openDelivered(upload, finished.name)
            guard let file else { continue }
            let after = try await snapshot(of: id)
            let isSame = after?.finished == finished && after?.state == upload.state
            if !isSame, attempt < openAttemptsMax { continue }
            return FinishedReader(
                file, finished: finished.found(file), isBeingReplaced: !isSame || !isRecorded, disk: parts.disk)
        }
        // Whoever takes finished files out of the directory may do so.
        return nil
    }

    /// The events that are to be told; nil where nobody is to be told of any.
    public var outbox: EventOutbox? { parts.outbox }

    /// An event as it can be told: the file of a finished upload has its name, as far as nobody has taken or replaced
    /// it since. A crash between record and name is made good by this, under another name where that one is taken. Nil
    /// while it cannot be told.
    ///
    /// - Throws: why that cannot be known now, or is not so yet.
    public func settled(_ event: UploadEvent) async throws(StorageError) -> UploadEvent? {
        guard event.kind == .finished, let length = event.length, let outbox = parts.outbox, outbox.isDoubtful(event)
        else { return event }
        // This compares the record with the files, and brings the rename to its end.
        let record = try await snapshot(of: event.upload)
        let (files, id) = (parts.files, event.upload)
        if let failure = files.awaited.failure(id) { throw failure }
        var told = event
        if let record, record.state == .finished, let finished = record.finished, finished.length == length {
            told.name = finished.name
        }
        let name = told.name
        let isInPlace = try await parts.disk.run { () throws(StorageError) in
            if try files.deliveredSize(id, name) != nil { return true }
            return try files.dataSize(id) != length
        }
        if isInPlace { outbox.trust(id) }
        return isInPlace ? told : nil
    }

    /// Uploads that are not finished and whose expiry is at or before `seconds` since 1970-01-01 UTC, the oldest
    /// first, at most `limit` of them.
    ///
    /// - Parameter last: the last one of the answer before, to go on behind it.
    public func expiredUploads(
        at seconds: Int64, after last: ExpiredUpload? = nil, limit: Int
    ) async throws(StorageError) -> [ExpiredUpload] {
        let result: Result<[ExpiredUpload], StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.expired(seconds: seconds, after: last, limit: limit, waiter)) {
                waiter.resume(returning: .failure(.closed))
            }
        }
        return try result.get()
    }

    // MARK: Operation

    /// What is left of the file system, as of the last second. Blocks nobody.
    ///
    /// - Throws: `io` where the file system says so, or has not answered for two seconds, or where one of the store's
    ///   directories is not in its place.
    public func space() async throws(StorageError) -> DiskSpace { try await parts.space.space() }

    /// What was left of the file system when somebody last asked, at the latest when the store was opened; nil where it
    /// could not be told.
    public var knownSpace: DiskSpace? { parts.space.last }

    /// Ends work that goes on for long at its next look at this, and takes no more of it: whoever waits for it gets
    /// `closed`. For a stop; everything else goes on. From any thread, and does not wait.
    public func endLongWork() { parts.assemblies.stop() }

    /// What the store has done so far.
    public var counters: StoreCounters { parts.files.counters.snapshot }

    /// Uploads in motion at this moment: held, waited for, or changed without a commit yet.
    public var liveUploads: Int { parts.table.liveCount }

    /// Uploads that are open, in motion or not, and how many may be.
    public var openUploads: (count: Int, limit: Int) { (parts.table.openCount, parts.table.openMax) }

    /// Whether no upload may begin because too many events wait to be told.
    public var isFullOfEvents: Bool { parts.outbox?.refusal != nil }

    /// Bounds what is taken from now on, as the configuration does at the start. From any thread.
    ///
    /// - Parameter openUploadsMax: nil for as many as have room now.
    public func bound(reserveBytes: Int64, openUploadsMax: Int?) {
        parts.files.reserveBytes = reserveBytes
        parts.table.openMax =
            openUploadsMax ?? StorageLimits.openUploadsMax(freeBytes: knownSpace?.bytes ?? 0)
    }

    /// Pieces of work that wait for a disk thread at this moment.
    public var queuedDiskJobs: Int { parts.disk.queuedCount }

    /// Why nothing can be recorded at this moment, or nil.
    public var failure: StorageError? { isClosed.load(ordering: .acquiring) ? .closed : parts.health.failure }

    /// Why the journal of small files, or a part of it, cannot be used at this moment, or nil. It is tried again.
    public var journalFailure: StorageError? { parts.journal?.failure }

    /// Why the last change could not be recorded, or nil where it was. The store finds out by itself when changes are
    /// recorded again.
    public var lastFailure: StorageError? { failure ?? parts.health.lastFailure }

    /// How long a thread is at its present step already, in nanoseconds: 0 while there is nothing to do. Blocks nobody.
    public func stepNanoseconds(_ thread: StoreThread) -> Int64 { parts.pulses.stepNanoseconds(thread) }

    /// The thread that does not get on, if there is one: a call of the system's neither fails nor returns.
    public var standingThread: StoreThread? {
        StoreThread.allCases.first { thread in
            let most = thread == .sync ? StorageLimits.syncStepNanosecondsMax : StorageLimits.stepNanosecondsMax
            return stepNanoseconds(thread) > most
        }
    }

    /// Whether large writes go past the page cache.
    public var usesDirectIO: Bool { parts.files.usesDirectIO }
}
