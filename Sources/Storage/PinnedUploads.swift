public import Uploads

/// Uploads that nobody changes as long as this lives: appends and deletions wait, all who only look go on.
public struct PinnedUploads: ~Copyable, Sendable {
    /// The records of those that are there.
    public private(set) var records: [UploadID: Upload] = [:]

    private var ids: [UploadID] = []
    private let table: UploadTable

    init(_ table: UploadTable) { self.table = table }

    deinit { for id in ids { table.unpin(id) } }

    mutating func add(_ id: UploadID) async throws(StorageError) {
        records[id] = try await table.pin(id)
        ids.append(id)
    }
}
