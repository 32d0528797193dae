internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// The ways in which an append ends. Each waits until it is quiet and ends with the upload released, also when it
/// throws.
extension Append {
    typealias Ending = UnsafeContinuation<Result<Upload, StorageError>, Never>

    /// Syncs, records the offset, releases.
    func settle() async throws(StorageError) -> Upload {
        defer { abandon() }
        return try await sealed()
    }

    /// Syncs, records the offset, and hands the upload on.
    func settleHeld() async throws(StorageError) -> UploadClaim {
        defer { abandon() }
        return handedOver(try await sealed())
    }

    /// The same for a file of which all bytes are there, though these be none.
    func settleWhole() async throws(StorageError) -> UploadClaim {
        defer { abandon() }
        do throws(StorageError) {
            payRecord()
            await beginAnew()
            return handedOver(try await sealed())
        } catch {
            await removeUnresumable()
            throw error
        }
    }

    private func sealed() async throws(StorageError) -> Upload {
        writeSmall()
        payRecord()
        await becomeQuiet()
        if let untouched = try untouched() { return untouched }
        if state.withLock({ $0.file == nil && $0.failure == nil }) { return try await settled(minted) }
        return try await end { append, ending in append.seal(ending) { append.recordOffset($0, ending) } }
    }

    /// Syncs, delivers the file under its name, records that, releases.
    func finish(length: Int64) async throws(StorageError) -> Upload {
        defer { abandon() }
        do throws(StorageError) { return try await deliver(length: length) } catch {
            await removeUnresumable()
            throw error
        }
    }

    private func deliver(length: Int64) async throws(StorageError) -> Upload {
        if let finished = try await finishSmall(length: length) { return finished }
        payRecord()
        await becomeQuiet()
        await beginAnew()
        if let untouched = try untouched() { return untouched }
        let finished = try await end { append, ending in
            append.seal(ending) { _ in append.deliverWhenRecorded(length, ending) }
        }
        return finished.older.isEmpty ? finished : await removeOlder(finished)
    }

    /// Forgets what is not recorded, releases. Never goes back behind a checkpoint: its offset may have been told.
    func discard() async throws(StorageError) -> Upload {
        defer { abandon() }
        payRecord()
        await becomeQuiet()
        let (file, record) = state.withLock { ($0.file.take(), $0.record) }
        // Cutting now only frees the space early: what is beyond the offset is cut off at the next opening anyway.
        if let file { try? await store.disk.run { try? file.truncate(to: record.offset.bytes) } }
        return try await settled(record)
    }

    /// Removes the upload, releases.
    func delete() async throws(StorageError) {
        defer { abandon() }
        // Before anything can send the record that is owed.
        let isNew = takeNew()
        await becomeQuiet()
        // The catalogue has never heard of it, so nothing was written either.
        if isNew { return store.table.withdraw(id) }
        try await store.delete(lastRecord())
    }

    /// Marks the upload as failed and removes its bytes, releases.
    func invalidate() async throws(StorageError) {
        defer { abandon() }
        payRecord()
        await becomeQuiet()
        try await store.invalidate(lastRecord())
    }

    /// Whether the record is still owed, which it is no more afterwards.
    private func takeNew() -> Bool {
        state.withLock { state in
            defer { state.owesRecord = false }
            return state.owesRecord
        }
    }

    /// The record as the last checkpoint has left it, of a quiet append, whose file is closed.
    private func lastRecord() -> Upload {
        state.withLock { state in
            state.file = nil
            return state.record
        }
    }

    /// Nothing counts beyond what was recorded, yet what is answered must be committed, as the record of a new upload.
    private func settled(_ record: Upload) async throws(StorageError) -> Upload {
        let isNews = state.withLock { $0.record != record }
        if isNews || !store.table.isSettled(id) { try await store.catalogue.record(id, .put(record)) }
        return record
    }

    /// Leaves nothing of an upload that nobody can come back to, after a failure.
    private func removeUnresumable() async {
        if isResumable { return }
        if takeNew() { return store.table.withdraw(id) }
        do throws(StorageError) { try await store.delete(lastRecord()) } catch {
            store.files.report(.removalFailed(id, error))
        }
    }

    /// Runs the steps of an ending, which follow one another on the store's threads without coming back here.
    private func end(_ body: @escaping @Sendable (Append, Ending) -> Void) async throws(StorageError) -> Upload {
        let result: Result<Upload, StorageError> = await withUnsafeContinuation { ending in
            submit(ending) { body($0, ending) }
        }
        if case .failure = result { store.files.counters.add(.failedAppends) }
        return try result.get()
    }

    private func submit(_ ending: Ending, _ body: @escaping @Sendable (Append) -> Void) {
        let job = ClosureJob { [self] in body(self) }
        if !store.disk.submit(job, on: .long) { ending.resume(returning: .failure(.closed)) }
    }

    // MARK: On a disk thread

    /// Puts the bytes on stable storage. After a failed write or sync the upload goes back to its recorded offset; a
    /// write that met a bound of the disk keeps what was completely written before.
    private func seal(_ ending: Ending, then next: (Upload) -> Void) {
        let (failure, syncFailure, written, reserved, recorded, digest) = state.withLock {
            ($0.failure, $0.syncFailure, $0.written, $0.reserved, $0.record, $0.digestState)
        }
        if let syncFailure { return poison(syncFailure, recorded, ending) }
        switch failure {
        case nil: break
        case .noSpace where !isProvisional, .fileTooLarge where !isProvisional: break
        case .damaged: return recordDamage(recorded, ending)
        case .some(let failure): return poison(failure, recorded, ending)
        }
        do throws(StorageError) {
            let file = try open()
            try doing("sync upload \(id)") { () throws(Errno) in
                if reserved > written || failure != nil { try file.truncate(to: written) }
                try file.sync()
            }
        } catch {
            return poison(error, recorded, ending)
        }
        // Closed here, since a close may write.
        _ = state.withLock { $0.file.take() }
        // What is refused has fixed no length.
        let sealed = store.renewed((failure == nil ? minted : recorded).at(Offset(written), digestState: digest))
        if let failure { return recordOffset(sealed, ending, failure) }
        next(sealed)
    }

    private func poison(_ failure: StorageError, _ recorded: Upload, _ ending: Ending) {
        store.files.report(.appendFailed(id, failure))
        store.files.leftBehind()
        let file = state.withLock { $0.file.take() }
        // With the catalogue failed too, a checkpoint reported as lost may come back at the next start; its bytes stay.
        if store.health.failure == nil { try? file?.truncate(to: recorded.offset.bytes) }
        ending.resume(returning: .failure(failure))
    }

    private func recordDamage(_ recorded: Upload, _ ending: Ending) {
        var failed = recorded
        failed.state = .failed
        store.catalogue.enqueue(id, .put(failed)) { [id] failure in
            ending.resume(returning: .failure(failure ?? .damaged(id)))
        }
    }

    private func recordOffset(_ sealed: Upload, _ ending: Ending, _ failure: StorageError? = nil) {
        let syncs = directorySyncs(state.withLock { $0.record })
        store.catalogue.enqueue(id, .put(sealed), syncs: syncs) { unrecorded in
            let failure = failure ?? unrecorded
            ending.resume(returning: failure.map { .failure($0) } ?? .success(sealed))
        }
    }

    /// A file is delivered only when its record is committed: without one nobody would ever find it.
    private func deliverWhenRecorded(_ length: Int64, _ ending: Ending) {
        if store.table.isRecorded(id) { return deliver(length, ending) }
        store.catalogue.enqueue(id, .put(state.withLock { $0.record })) { [self] failure in
            if let failure { return ending.resume(returning: .failure(failure)) }
            submit(ending) { $0.deliver(length, ending) }
        }
    }

    private func deliver(_ length: Int64, _ ending: Ending) {
        let (record, digest) = state.withLock { ($0.record, $0.digestState) }
        var whole = record.at(Offset(length), digestState: digest)
        whole.length = length
        do throws(StorageError) {
            if let renamed = try store.deliver(whole) { return deliverRenamed(renamed, length, ending) }
        } catch {
            // The bytes are safe and stay; the client may finish once more.
            store.files.report(.appendFailed(id, error))
            return recordOffset(whole, ending, error)
        }
        let sha256 = store.files.digests?.resumed(digest, at: length)?.digest
        let finished = whole.delivered(length: length, seconds: store.wallSeconds(), sha256: sha256)
        store.catalogue.enqueue(id, .put(finished), syncs: [.uploads, .complete]) {
            // After a failure the record is compared with the files again, which finds the delivered one.
            ending.resume(returning: $0.map { .failure($0) } ?? .success(finished))
        }
    }

    /// Its own name is somebody else's file's.
    private func deliverRenamed(_ renamed: Upload, _ length: Int64, _ ending: Ending) {
        let syncs = directorySyncs(state.withLock { $0.record })
        store.catalogue.enqueue(id, .put(renamed), syncs: syncs) { [self] failure in
            if let failure { return ending.resume(returning: .failure(failure)) }
            state.withLock { $0.record = renamed }
            submit(ending) { $0.deliver(length, ending) }
        }
    }

    /// Removes the files of earlier deliveries under other names. If it fails the sweep does it.
    private func removeOlder(_ finished: Upload) async -> Upload {
        do throws(StorageError) {
            let files = store.files
            try await store.disk.run { () throws(StorageError) in try files.removeOlder(finished) }
            var clean = finished
            clean.older = []
            try await store.catalogue.record(id, .put(clean))
            return clean
        } catch {
            store.files.report(.removalFailed(id, error))
            store.files.leftBehind()
            return finished
        }
    }
}
