internal import LinuxSystem
public import Uploads

/// What may become of an upload without an append.
extension UploadClaim {
    /// Puts the file together from other uploads, whole ones, in the order given, and finishes the upload.
    ///
    /// The bytes are shared with the parts where the file system can do that, and copied inside the kernel elsewhere;
    /// the parts stay as they are. Nothing is taken back by a crash: the record stays open, without a byte, and the
    /// same call does it again.
    ///
    /// - Parameter parts: each with its length in bytes; the same one may come several times.
    /// - Throws: `damaged` with the part that is shorter than that or gone; `noSpace`, `io` or what the catalogue says.
    ///   The upload is open and empty then.
    public consuming func concatenate(_ parts: [(id: UploadID, length: Int64)]) async throws(StorageError) -> Upload {
        payRecord()
        guard let upload else { throw .unknownUpload(id) }
        guard upload.state == .open, upload.offset == .zero else { throw .notOpen(id) }
        if let failure = store.health.failure { throw failure }
        let (files, id, length) = (store.files, id, parts.reduce(0) { $0 + $1.length })
        if !store.table.isRecorded(id) { try await store.catalogue.record(id, .put(upload, .none)) }
        try await store.disk.run { () throws(StorageError) in
            try files.assemble(id, from: parts)
            try files.deliver(id, as: upload.name)
        }
        let finished = upload.delivered(length: length, seconds: store.wallSeconds())
        try await store.catalogue.record(id, .put(finished, .none), syncs: [.uploads, .complete])
        return finished
    }

    /// Gives an upload its whole time once more.
    public consuming func renew() async throws(StorageError) {
        payRecord()
        guard let upload else { throw .unknownUpload(id) }
        try await store.catalogue.record(id, .put(store.renewed(upload), .none))
    }

    /// Ends an upload that nobody went on with: its bytes go, its record stays as `expired` to say so, and is itself
    /// due for removal after as long again as the upload had. What it was to replace, a file that is finished, stays.
    public consuming func expire() async throws(StorageError) {
        payRecord()
        guard let upload, upload.state == .open || upload.state == .failed else { throw .unknownUpload(id) }
        var ended = store.renewed(upload)
        ended.state = .expired
        ended.offset = .zero
        if let file = upload.finished { ended = upload.returned(to: file) }
        let (files, id) = (store.files, id)
        try await store.catalogue.record(id, .put(ended, .none))
        _ = try await store.disk.run { () throws(StorageError) in try files.removeData(id) }
    }

    /// Makes an upload fail for good: what its client sent contradicts what it had said. Its bytes go.
    public consuming func invalidate() async throws(StorageError) {
        payRecord()
        guard var upload else { throw .unknownUpload(id) }
        upload.state = .failed
        let (files, id) = (store.files, id)
        try await store.catalogue.record(id, .put(upload, .none))
        _ = try await store.disk.run { () throws(StorageError) in try files.removeData(id) }
    }
}
