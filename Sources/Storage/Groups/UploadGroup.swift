public import Uploads

/// Uploads that become files together or not at all, as those of one form do.
///
/// Each has its bytes settled and stays held until the group ends. One transaction records all of them as finished,
/// and the files get their names after that, as small ones do:
///
/// | step                                             | a crash behind it leaves                         |
/// |--------------------------------------------------|--------------------------------------------------|
/// | all are whole, synced, and recorded as open      | none of the files                                |
/// | each gets `complete/<id>/`, empty                | likewise                                         |
/// | all are recorded as finished, in one transaction | all: `Recovery` and `DataSweep` give them names  |
/// | each is renamed from `uploads/<id>` to its name  | all: those that have none yet get it             |
/// | the new names are synced                         | all                                              |
///
/// What is open and of the plain dialect then is removed by `UnfinishedSweep`: no file of such a group stands under its
/// name while its record is open, so it finds none to record as finished.
///
/// Confined to one task at a time. Its functions resume on the caller's executor and never block it. A group that is
/// let go of releases its uploads as they are.
public final class UploadGroup {
    private final class Member {
        /// Holds the upload.
        let claim: UploadClaim
        /// As it is recorded; marked with what this holder's changes are marked with.
        var record: Upload

        init(_ claim: consuming UploadClaim, _ record: Upload) {
            self.claim = claim
            self.record = record
        }
    }

    private var members: [Member] = []
    private var store: StoreParts?

    /// An empty one.
    public init() {}

    /// How many uploads are in it.
    public var count: Int { members.count }

    /// Which ones, in the order in which they came.
    public var ids: [UploadID] { members.map(\.record.id) }

    /// Likewise, as they are recorded.
    public var uploads: [Upload] { members.map(\.record) }

    /// Takes in an upload with all its bytes.
    ///
    /// - Throws: `misuse` for one that is not open and new, or knows of more bytes; `unknownUpload`. It is released.
    public func add(_ claim: consuming UploadClaim) throws(StorageError) {
        var claim = claim
        let record = try claim.current()
        guard record.state == .open, record.finished == nil, record.length ?? record.offset.bytes == record.offset.bytes
        else { throw .misuse("what is finished in a group is open, new and whole") }
        store = claim.store
        members.append(Member(claim, record))
    }

    /// Makes all of them files under their own names, and releases them.
    ///
    /// - Returns: the finished records, in the order in which they came.
    /// - Throws: `damaged`, `noSpace`, `io`, `outdated` or what the catalogue says. They stay held then, and are to be
    ///   deleted: either none of them is finished, or all are.
    public func finish() async throws(StorageError) -> [Upload] {
        guard let store else { return [] }
        try await record(try await ready(store), in: store)
        let (files, ids) = (store.files, ids)
        try await store.disk.run(on: .long) { () throws(StorageError) in try files.syncNames(of: ids) }
        defer { members = [] }
        return members.map(\.record)
    }

    /// Removes all of them with one transaction, whatever they have become, and releases them. Files that cannot be
    /// removed now are removed later.
    ///
    /// - Throws: what the catalogue says, and then nothing is changed.
    public func delete() async throws(StorageError) {
        defer { members = [] }
        if let store { try await store.delete(members.map(\.record)) }
    }

    /// Looks whether each is there to the byte, and makes its place. Answers the records that they are to have.
    private func ready(_ store: StoreParts) async throws(StorageError) -> [Upload] {
        if let failure = store.health.failure { throw failure }
        let (files, records) = (store.files, members.map(\.record))
        let named = try await store.disk.run(on: .long) { () throws(StorageError) -> [Upload] in
            var named: [Upload] = []
            for record in records { named.append(try files.makeReady(record)) }
            return named
        }
        let seconds = store.wallSeconds()
        return named.map { upload in
            let length = upload.offset.bytes
            let sha256 = store.files.digests?.resumed(upload.digestState, at: length)?.digest
            return upload.delivered(length: length, seconds: seconds, sha256: sha256)
        }
    }

    private func record(_ finished: [Upload], in store: StoreParts) async throws(StorageError) {
        let failures = await store.catalogue.record(
            together: finished.map { ($0.id, .finish($0)) }, syncs: [.uploads, .complete])
        // One that is recorded and could not get its name is to be deleted as what it was: the file of that name is
        // somebody else's.
        for (member, record) in zip(members, finished) where failures[record.id] == nil { member.record = record }
        for record in finished {
            if let failure = failures[record.id] { throw failure }
        }
    }
}
