public import Uploads

/// Uploads that nobody changes as long as this lives: appends and deletions wait, all who only look go on.
public struct PinnedUploads: ~Copyable, Sendable {
    /// The records of those that are there.
    public private(set) var records: [UploadID: Upload] = [:]

    /// The file that is made of them.
    let join = Join()
    private var ids: [UploadID] = []
    private let table: UploadTable

    init(_ table: UploadTable) { self.table = table }

    deinit { for id in ids { table.unpin(id, join) } }

    mutating func add(
        _ id: UploadID, by requester: UInt64?, onWait: (UploadWait) -> Void
    ) async throws(StorageError) {
        records[id] = try await table.pin(id, for: join, by: requester, onWait: onWait)
        ids.append(id)
    }
}
