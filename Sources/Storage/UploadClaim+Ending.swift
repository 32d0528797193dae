internal import LinuxSystem
public import Uploads

/// What may become of an upload without an append.
extension UploadClaim {
    /// Puts the file together from other uploads, whole ones, in the order given, and finishes the upload.
    ///
    /// The bytes are shared with the parts where the file system can do that, and copied elsewhere, in steps; the parts
    /// stay as they are. Nothing is taken back by a crash: the record stays open, without a byte, and the
    /// same call does it again.
    ///
    /// - Parameters:
    ///   - order: the same one may come several times.
    ///   - parts: holds each of them, whole.
    /// - Throws: `superseded` where the file, or one of its parts, is about to be deleted; `damaged` with the part
    ///   whose file is shorter than its record, or gone; `overLimit`, `noSpace`, `io` or what the catalogue says;
    ///   `closed` once the store is to stop (`LocalStore.endLongWork`). The upload is open and empty then.
    public consuming func concatenate(
        _ order: [UploadID], of parts: borrowing PinnedUploads
    ) async throws(StorageError) -> Upload {
        let upload = try current()
        guard upload.state == .open, upload.offset == .zero else { throw .notOpen(id) }
        if let failure = store.health.failure { throw failure }
        var (pieces, length): ([(id: UploadID, length: Int64)], Int64) = ([], 0)
        for part in order {
            guard let record = parts.records[part], record.state == .open, record.isWhole else {
                throw .misuse("a part is pinned and whole")
            }
            let (sum, overflow) = length.addingReportingOverflow(record.offset.bytes)
            guard !overflow else { throw .misuse("the parts have a length") }
            pieces.append((part, record.offset.bytes))
            length = sum
        }
        try await promise(length, upload)
        let (store, id) = (store, id)
        if !store.table.isRecorded(id) { try await store.catalogue.record(id, .put(upload)) }
        joins(parts.join)
        try await store.assemblies.assemble(id, from: pieces, for: parts.join)
        do throws(StorageError) {
            var whole = upload
            while let renamed = try await deliver(whole) {
                try await store.catalogue.record(id, .put(renamed))
                whole = renamed
            }
            let finished = whole.delivered(length: length, seconds: store.wallSeconds())
            try await store.catalogue.record(id, .put(finished), syncs: [.uploads, .complete])
            return finished
        } catch {
            // On a disk that is full the copy may be what fills it.
            await store.emptyData(id)
            throw error
        }
    }

    private func deliver(_ whole: Upload) async throws(StorageError) -> Upload? {
        let store = store
        return try await store.disk.run(on: .long) { () throws(StorageError) in try store.deliver(whole) }
    }

    /// The file of a finished upload as it stands now, nil where there is none, or the upload is not finished.
    public func finishedFile() async throws(StorageError) -> FinishedFile? {
        guard let upload, upload.state == .finished, let finished = upload.finished else { return nil }
        return try await store.openDelivered(upload, finished.name).0.map { finished.found($0) }
    }

    /// Gives an upload its whole time once more.
    public consuming func renew() async throws(StorageError) {
        let upload = store.renewed(try current())
        try await store.catalogue.record(id, .put(upload))
    }

    /// Ends an upload that nobody went on with: its bytes go, its record stays as `expired` to say so, and is itself
    /// due for removal after as long again as the upload had. What it was to replace, a file that is finished, stays.
    public consuming func expire() async throws(StorageError) {
        let upload = try current()
        guard upload.state == .open || upload.state == .failed else { throw .notOpen(id) }
        var ended = store.renewed(upload)
        ended.state = .expired
        ended.offset = .zero
        if let file = upload.finished { ended = upload.returned(to: file) }
        try await store.catalogue.record(id, .reset(ended))
        await store.removeBytes(id)
    }

    /// Makes an upload fail for good: what its client sent contradicts what it had said. Its bytes go.
    public consuming func invalidate() async throws(StorageError) { try await store.invalidate(try current()) }

    /// Removes the record and every byte, and releases the upload.
    ///
    /// Files that cannot be removed now are removed later; it stays recorded until then that they are to be.
    ///
    /// - Throws: what the catalogue says, and then nothing is changed.
    public consuming func delete() async throws(StorageError) { try await store.delete(try current()) }
}
