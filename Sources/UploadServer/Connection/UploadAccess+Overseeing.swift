internal import Access
internal import Events
internal import Reactor
internal import Storage
internal import Uploads

/// What those ask who look after the server.
extension UploadAccess {
    /// A page of the list of uploads, the newest first, in steps between which others are answered.
    func list(
        _ filter: UploadFilter, before row: Int64?, limit: Int
    ) async throws -> (uploads: [(upload: Upload, delivery: FileDelivery?)], next: Int64?) {
        try check(.oversee, nil)
        var (uploads, next): ([(upload: Upload, delivery: FileDelivery?)], Int64?) = ([], row)
        for _ in 0..<ServerLimits.listStepsMax {
            let step = try await exchange.server.store.list(filter, before: next, limit: limit - uploads.count)
            uploads += step.uploads.map { ($0, step.deliveries[$0.id]) }
            next = step.next
            if next == nil || uploads.count >= limit { break }
            await exchange.watch.yield()
        }
        return (uploads, next)
    }

    /// An upload and its file as it stands now, nil where none is there; nil for an upload that there is not. Opens the
    /// file.
    func overseen(_ id: UploadID) async throws -> (upload: Upload, file: FinishedFile?)? {
        try check(.oversee, nil)
        guard let upload = try await exchange.server.store.snapshot(of: id) else { return nil }
        return (upload, try await exchange.server.store.openFinished(id)?.finished)
    }

    /// How far an upload's file is on its way to its place; nil where it has none.
    func delivery(of upload: Upload) async throws -> FileDelivery? {
        try check(.oversee, nil)
        return try await exchange.server.store.delivery(of: upload)
    }

    /// How many bytes of an upload's file its place has while it is brought there; nil while it is not.
    func carried(_ id: UploadID) -> Int64? { exchange.server.carrying?.carrier?.underWay[id] }

    /// The record of an upload that the request has reached before, once more; nil where it is gone. Its owner never
    /// changes, but another one's may have come in its place.
    func again(_ upload: Upload) async throws(StorageError) -> Upload? {
        guard let found = try await exchange.server.store.snapshot(of: upload.id), found.owner == upload.owner else {
            return nil
        }
        return found
    }

    /// How many bytes of an upload are in its file while a request brings more; nil while none does.
    func received(_ id: UploadID) -> Int64? { exchange.server.store.received(of: id) }

    /// What owners have, behind a name.
    func usages(after name: String, limit: Int) async throws -> [OwnerUsage] {
        try check(.oversee, nil)
        return try await exchange.server.store.usages(after: name, limit: limit)
    }

    /// What becomes of all uploads.
    func feed() throws -> UploadFeed {
        try check(.oversee, nil)
        return exchange.server.store.feed
    }

    /// Uploads that take bytes at this moment; none for who may not know.
    func moving() -> [MovingUpload] { principal.reachesAll ? exchange.server.store.movingUploads() : [] }
}
