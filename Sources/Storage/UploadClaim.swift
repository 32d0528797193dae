public import Uploads

/// The right to change one upload, held by one request at a time.
///
/// It begins when nobody else holds the upload any more, and ends with `release`, by turning into a `WritePermit`, with
/// `delete`, or when it is let go of; then the next one who waits gets the upload. Its functions resume on the caller's
/// executor and never block it.
public struct UploadClaim: ~Copyable, Sendable {
    /// The record as settled, with what this claim has changed since; nil if there is none.
    public private(set) var upload: Upload?

    let id: UploadID
    let store: StoreParts
    private let token: UInt64
    private var isHandedOver = false
    /// Whether the record was shown to readers but not yet sent to the catalogue: the first change sends it, or is it.
    private var owesRecord = false

    init(_ grant: Grant, id: UploadID, store: StoreParts) {
        upload = grant.upload
        token = grant.token
        self.id = id
        self.store = store
    }

    deinit {
        if isHandedOver { return }
        if owesRecord, let upload { store.catalogue.enqueueStaged(id, .put(upload, .none)) }
        store.table.release(id, token)
    }

    /// Sends the record that is owed, so that what is recorded next comes behind it.
    mutating func payRecord() {
        if owesRecord, let upload { store.catalogue.enqueueStaged(id, .put(upload, .none)) }
        owesRecord = false
    }

    /// Creates the record of an upload that has none: open, at offset zero.
    ///
    /// Readers see it at once. It is committed before anything that is recorded of the upload later on, or together
    /// with it: a small body that comes whole has one record only, that of the finished upload.
    ///
    /// - Parameter isDurable: whether to wait until the record is committed: needed when the client is told of the
    ///   upload before anything of it is settled.
    /// - Throws: if it was waited for, `noSpace` for a file longer than what is left of the disk, or what the catalogue
    ///   says; then there is no record.
    public mutating func create(_ upload: Upload, isDurable: Bool = false) async throws(StorageError) {
        precondition(upload.id == id && self.upload == nil && upload.state == .open && upload.offset == .zero)
        if let failure = store.health.failure { throw failure }
        let upload = store.renewed(upload)
        if isDurable {
            // Who is told of an upload that cannot fit would send it for nothing.
            let (files, length) = (store.files, upload.length ?? 0)
            if length > StorageLimits.fitCheckedBytesMin {
                try await store.disk.run { () throws(StorageError) in try files.checkFits(length) }
            }
            try await store.catalogue.record(id, .put(upload, .none), isVisible: true)
        } else {
            store.catalogue.stage(upload)
            owesRecord = true
        }
        self.upload = upload
    }

    /// Begins an upload anew: back to offset zero, under a new record.
    ///
    /// The old bytes are dropped once that is recorded. A file that was delivered stays, also in the record, until the
    /// new one takes its place.
    ///
    /// - Throws: `io`, `noSpace` or what the catalogue says; the record is then unchanged.
    public mutating func restart(_ upload: Upload) async throws(StorageError) {
        payRecord()
        precondition(upload.id == id && self.upload != nil && upload.state == .open && upload.offset == .zero)
        if let failure = store.health.failure { throw failure }
        var fresh = store.renewed(upload)
        fresh.finished = self.upload?.finished
        let (files, journal, id) = (store.files, store.journal, id)
        // The journal stands in for finished uploads only.
        if let journal { try await store.disk.run { () throws(StorageError) in try journal.flush() } }
        // From here on the data file is there until it is renamed: `Recovery` counts on it.
        try await store.disk.run { () throws(StorageError) in try files.ensureData(id) }
        try await store.catalogue.record(id, .put(fresh, .none), syncs: .uploads)
        self.upload = fresh
        try await store.disk.run { () throws(StorageError) in _ = try files.openData(id, at: .zero) }
    }

    /// Fixes the length of an upload whose client has said it only now. Waits for the commit.
    public mutating func setLength(_ length: Int64) async throws(StorageError) {
        payRecord()
        guard var upload else { throw .unknownUpload(id) }
        precondition(upload.length == nil && length >= upload.offset.bytes)
        upload.length = length
        try await store.catalogue.record(id, .put(upload, .none))
        self.upload = upload
    }

    /// Removes the record and every byte, and releases the upload.
    ///
    /// - Throws: what the catalogue says, and then nothing is changed; `io` if files could not be removed: the upload
    /// is
    ///   failed then, and may be deleted again.
    public consuming func delete() async throws(StorageError) {
        payRecord()
        guard var upload else { throw .unknownUpload(id) }
        try await store.catalogue.record(id, .put(upload, .all))
        let (files, id) = (store.files, id)
        do throws(StorageError) {
            try await store.disk.run { () throws(StorageError) in try files.removeAll(id) }
        } catch {
            files.report(.removalFailed(id, error))
            upload.state = .failed
            store.catalogue.enqueue(id, .put(upload, .none), isVisible: true)
            throw error
        }
        store.catalogue.enqueue(id, .remove, syncs: [.uploads, .complete])
    }

    /// Turns the claim into the right to append.
    ///
    /// - Parameters:
    ///   - offset: where the append starts; it must equal the recorded offset.
    ///   - hasCheckpoints: whether progress may be recorded before the append is settled. Not so for bytes that are
    ///     forgotten if a checksum over all of them fails.
    /// - Throws: `unknownUpload`, `wrongOffset`, `notOpen`, `damaged`, or what has shut the catalogue; `noSpace` if
    ///   what is still to come of a known length cannot fit: nothing is left then of an upload that this claim has
    ///   created without waiting. The upload is released in any case.
    public consuming func permit(
        at offset: Offset, hasCheckpoints: Bool = true
    ) async throws(StorageError) -> WritePermit {
        guard let upload else { throw .unknownUpload(id) }
        switch upload.state {
        case .open: break
        case .finished, .expired: throw .notOpen(id)
        case .failed: throw .damaged(id)
        }
        guard upload.offset == offset else { throw .wrongOffset(recorded: upload.offset) }
        if let failure = store.health.failure { throw failure }
        isHandedOver = true
        let append = Append(
            store: store, minted: upload, token: token, hasCheckpoints: hasCheckpoints, owesRecord: owesRecord)
        if let length = upload.length, length - offset.bytes > StorageLimits.fitCheckedBytesMin {
            try await append.reserveAhead()
        }
        return WritePermit(append)
    }

    /// Lets the next one have the upload.
    public consuming func release() {}
}
