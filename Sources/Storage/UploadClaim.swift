public import Uploads

/// The right to change one upload, held by one request at a time.
///
/// It begins when nobody else holds the upload any more, and ends with `release`, by turning into a `WritePermit`, with
/// `delete`, or when it is let go of; then the next one who waits gets the upload. Its functions resume on the caller's
/// executor and never block it. What they are asked for must fit the record as it stands, or they throw `misuse` and
/// change nothing.
public struct UploadClaim: ~Copyable, Sendable {
    /// The record as settled, with what this claim has changed since, or is to change; nil if there is none.
    public private(set) var upload: Upload?
    /// The same without a length that counts only once something was appended under it.
    private var lengthless: Upload?

    /// What the upload's owner may have. What would go beyond it is refused with `overLimit` by whatever would bring it
    /// there, before anything is changed.
    public var limits = OwnerLimits.none

    /// Where the request belongs that has the claim, for what it changes; nil where that is not told.
    public var trace: String?

    /// Which upload it is.
    public let id: UploadID
    let store: StoreParts
    /// Whose the upload is, or will be.
    public private(set) var owner: Owner?
    private let token: UInt64
    /// What every change of this claim's is marked with.
    private let epoch: Int64
    /// What was deleted under this id and may have files yet.
    private let leaving: Upload?
    /// The finished record that there is all the same, whose file was taken away long ago.
    private let taken: Upload?
    private var isHandedOver = false
    /// What is recorded of an upload that begins anew with its first byte.
    private var restarted: Upload?
    /// Whether the record was shown to readers but not yet sent to the catalogue: the first change sends it, or is it.
    private var owesRecord = false

    /// - Parameter isTaken: whether the record counts for nothing: its file was taken away long ago.
    init(_ grant: Grant, id: UploadID, owner: Owner?, store: StoreParts, isTaken: Bool = false) {
        self.owner = if let upload = grant.upload { upload.owner } else { owner }
        upload = isTaken ? nil : grant.upload
        taken = isTaken ? grant.upload : nil
        leaving = grant.leaving
        token = grant.token
        epoch = ((grant.upload ?? grant.leaving)?.epoch ?? 0) + 1
        self.id = id
        self.store = store
    }

    deinit {
        if isHandedOver { return }
        if owesRecord, let upload { store.catalogue.enqueueStaged(id, .put(upload)) }
        store.table.release(id, token)
    }

    /// Whether the upload has no record yet, and so may be anybody's.
    public var isOwnerOpen: Bool { upload == nil && taken == nil }

    /// Says whose an upload will be that has no record yet. The owner of one that has does not change.
    public mutating func assign(_ owner: Owner) {
        if isOwnerOpen { self.owner = owner }
    }

    /// Sends the record that is owed, so that what is recorded next comes behind it.
    mutating func payRecord() {
        if owesRecord, let upload { store.catalogue.enqueueStaged(id, .put(upload)) }
        owesRecord = false
    }

    /// The record as it is to be changed from here on.
    ///
    /// - Throws: `unknownUpload` if there is none.
    mutating func current() throws(StorageError) -> Upload {
        payRecord()
        guard let upload else { throw .unknownUpload(id) }
        return marked(upload)
    }

    private func marked(_ upload: Upload) -> Upload {
        // To set what is there already would copy the record.
        if upload.epoch == epoch, upload.owner == owner { return upload }
        var marked = upload
        marked.epoch = epoch
        marked.owner = owner
        marked.trace = trace
        return marked
    }

    /// Creates the record of an upload that has none: open, at offset zero.
    ///
    /// Readers see it at once. It is committed before anything that is recorded of the upload later on, or together
    /// with it: a small body that comes whole has one record only, that of the finished upload.
    ///
    /// - Parameters:
    ///   - announced: how many bytes are about to come, where the length is not known.
    ///   - isDurable: whether to wait until the record is committed: needed when the client is told of the upload
    ///     before anything of it is settled.
    /// - Throws: `tooManyUploads`, `eventsFull`, `overLimit`; `io` where files of a deleted upload of this id cannot be
    ///   removed; if it was waited for, `noSpace` for a file longer than what is left of the disk, or what the
    ///   catalogue says. There is no record then.
    public mutating func create(
        _ upload: Upload, announced: Int64? = nil, isDurable: Bool = false
    ) async throws(StorageError) {
        guard self.upload == nil, isFresh(upload) else { throw .misuse("create takes a new, empty upload") }
        if let refusal = store.outbox?.refusal { throw refusal }
        if taken != nil {
            let fresh = try await prepared(upload, beside: nil, announced: announced)
            try await begin(fresh, isOpen: false)
            self.upload = fresh
            return
        }
        try await promise(upload.length ?? announced, upload)
        if let failure = store.health.failure { throw failure }
        if let leaving {
            // The new one must not meet its files, nor have them taken for its own.
            let files = store.files
            try await store.disk.run { () throws(StorageError) in try files.removeAll(leaving) }
        }
        let upload = marked(store.renewed(upload))
        if isDurable {
            // Who is told of an upload that cannot fit would send it for nothing.
            let (files, length) = (store.files, upload.length ?? 0)
            if length > StorageLimits.fitCheckedBytesMin {
                try await store.disk.run { () throws(StorageError) in try files.checkFits(length) }
            } else if await store.space.isReserveTouched {
                throw .noSpace
            }
            try await store.catalogue.create(upload)
        } else {
            try store.catalogue.stageCreation(upload)
            owesRecord = true
        }
        self.upload = upload
    }

    /// Begins an upload anew: back to offset zero, under a new record.
    ///
    /// The old bytes are dropped once that is recorded. A file that was delivered stays, also in the record, until the
    /// new one takes its place.
    ///
    /// - Parameters:
    ///   - announced: as for `create`.
    ///   - waits: whether that is recorded only with the first byte that the permit which follows takes, or with the
    ///     end of an empty file. Until then, and for good where none comes, nothing is changed.
    /// - Throws: `noSpace` where the new length does not fit, `overLimit`, `eventsFull`, `tooManyUploads` for one that
    ///   is not open, `io`, or what the catalogue says; the record is then unchanged, unless it is only the old bytes
    ///   that could not be dropped.
    public mutating func restart(
        _ upload: Upload, announced: Int64? = nil, waits: Bool = false
    ) async throws(StorageError) {
        payRecord()
        guard let old = self.upload, isFresh(upload) else { throw .misuse("restart takes an upload that is there") }
        if let refusal = store.outbox?.refusal { throw refusal }
        // Who is refused must find what was stored.
        if await isTooLarge((upload.length ?? 0) - (old.state == .open ? old.offset.bytes : 0)) { throw .noSpace }
        let fresh = try await prepared(upload, beside: old.finished, announced: announced)
        if waits {
            try store.checkAnew(id, isOpen: old.state == .open)
            restarted = old
        } else {
            try await begin(fresh, isOpen: old.state == .open)
        }
        self.upload = fresh
    }

    /// The record as it begins, with what its owner will have.
    private func prepared(
        _ upload: Upload, beside finished: FinishedFile?, announced: Int64?
    ) async throws(StorageError) -> Upload {
        var fresh = marked(store.renewed(upload))
        fresh.finished = finished
        fresh.older = (self.upload ?? taken)?.older ?? []
        try await promise(fresh.length ?? announced, fresh)
        return fresh
    }

    /// Replaces the record that there is.
    private func begin(_ fresh: Upload, isOpen: Bool) async throws(StorageError) {
        try await store.beginAnew(fresh, isOpen: isOpen)
        let (files, id) = (store.files, id)
        try await store.disk.run { () throws(StorageError) in _ = try files.openData(id, at: .zero) }
    }

    private func isFresh(_ upload: Upload) -> Bool {
        upload.id == id && upload.state == .open && upload.offset == .zero
            && (0...UploadLimits.lengthMax).contains(upload.length ?? 0)
    }

    /// Says the length of an upload whose client has said it only now: bytes, no fewer than are stored. It is recorded
    /// together with what the append that follows has stored; where that is refused, or the claim let go of, the length
    /// is open as before.
    public mutating func setLength(_ length: Int64) throws(StorageError) {
        payRecord()
        guard var upload else { throw .unknownUpload(id) }
        guard upload.state == .open, upload.length == nil, length >= upload.offset.bytes,
            length <= UploadLimits.lengthMax
        else {
            throw .misuse("a length is set once, and not below what is stored")
        }
        lengthless = upload
        upload.length = length
        self.upload = upload
    }

    /// Has the upload count for so many bytes, as long as the claim and what becomes of it last, or until that is
    /// recorded.
    ///
    /// - Parameters:
    ///   - bytes: of the whole attempt; nil where nobody knows: what is stored counts then.
    ///   - upload: the record as it is to be.
    func promise(_ bytes: Int64?, _ upload: Upload) async throws(StorageError) {
        guard limits.areBounded, let owner else { return }
        var promised = upload
        promised.length = bytes
        try await store.table.promise(promised, of: owner, limits)
    }

    /// Turns the claim into the right to append.
    ///
    /// - Parameters:
    ///   - offset: where the append starts; it must equal the recorded offset.
    ///   - isProvisional: whether the bytes count only once the append is settled or finished, as where a checksum over
    ///     all of them was promised. No progress is recorded before.
    ///   - isResumable: whether somebody could go on with the upload where it cannot be finished. If not, nothing is
    ///     left of it then.
    ///   - announced: how many bytes the request brings, nil where only its end will tell.
    /// - Throws: `unknownUpload`, `wrongOffset`, `notOpen`, `damaged`, or what has shut the catalogue; `noSpace` or
    ///   `overLimit` if what is still to come of a known length cannot fit: nothing is left then of an upload that this
    ///   claim has created without waiting. The upload is released in any case.
    public consuming func permit(
        at offset: Offset, isProvisional: Bool = false, isResumable: Bool = true, announced: Int64? = nil
    ) async throws(StorageError) -> WritePermit {
        guard let upload else { throw .unknownUpload(id) }
        switch upload.state {
        case .open: break
        case .finished, .expired: throw .notOpen(id)
        case .failed: throw .damaged(id)
        }
        guard upload.offset == offset else { throw .wrongOffset(recorded: upload.offset) }
        if let failure = store.health.failure { throw failure }
        let end = announced.map { offset.bytes.addingReportingOverflow($0) }.map {
            $0.overflow ? .max : $0.partialValue
        }
        do throws(StorageError) {
            let kept = restarted.map { $0.state == .open ? $0.offset.bytes : 0 } ?? 0
            // What is there already needs no room to be delivered.
            let needsNone = !owesRecord && (upload.length ?? end) == offset.bytes
            let rest = (upload.length ?? 0) - offset.bytes - kept
            if !needsNone, await isTooLarge(rest, announced: announced) { throw .noSpace }
            try await promise(upload.length ?? end, upload)
        } catch {
            // Nobody was promised anything: not even the record is made.
            if owesRecord { store.table.withdraw(id) }
            owesRecord = false
            throw error
        }
        isHandedOver = true
        let isMeasured = limits.bytesMax != nil && owner != nil && upload.length == nil && end == nil
        let append = Append(
            store: store, minted: marked(upload), recorded: marked(restarted ?? lengthless ?? upload), token: token,
            restarts: restarted != nil, isProvisional: isProvisional, isResumable: isResumable, announced: announced,
            limits: isMeasured ? limits : nil, owesRecord: owesRecord)
        // Of these it is asked how far they are while they go on; who sends little has come to its end before that.
        let isShort = announced.map { $0 <= Int64(StorageLimits.smallBytesMax) } ?? false
        if upload.dialect.isAskedMeanwhile || !isShort { store.table.attach(id, token, append) }
        return WritePermit(append)
    }

    /// Whether the disk is too full for so many bytes. Whatever else may be wrong with it the first write finds out.
    ///
    /// - Parameter announced: how many of them come now, nil where nobody knows. Where that are few, what was left a
    ///   moment ago will do: no other thread is asked for each piece of a file that comes in small ones.
    private func isTooLarge(_ bytes: Int64, announced: Int64? = nil) async -> Bool {
        if bytes <= StorageLimits.fitCheckedBytesMin { return await store.space.isReserveTouched }
        if let announced, announced <= StorageLimits.fitCheckedBytesMin {
            return await store.space.isTooSmall(for: bytes)
        }
        let files = store.files
        do throws(StorageError) {
            try await store.disk.run { () throws(StorageError) in try files.checkFits(bytes) }
            return false
        } catch { return error == .noSpace }
    }

    /// Tells what a deletion of the upload ends.
    func joins(_ join: Join) { store.table.attach(id, token, join) }

    /// Lets the next one have the upload.
    public consuming func release() {}
}
