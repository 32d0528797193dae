internal import Uploads

/// How an upload ends for good, for whoever holds it. The record says so first: a crash in between forgets no file.
extension StoreParts {
    func delete(_ upload: Upload) async throws(StorageError) {
        let (files, id) = (files, upload.id)
        try await catalogue.record(id, .put(upload, .all))
        do throws(StorageError) {
            try await disk.run { () throws(StorageError) in try files.removeAll(id) }
        } catch {
            files.report(.removalFailed(id, error))
            var failed = upload
            failed.state = .failed
            catalogue.enqueue(id, .put(failed, .none), isVisible: true)
            throw error
        }
        catalogue.enqueue(id, .remove(epoch: upload.epoch), syncs: [.uploads, .complete])
    }

    func invalidate(_ upload: Upload) async throws(StorageError) {
        var failed = upload
        failed.state = .failed
        let (files, id) = (files, upload.id)
        try await catalogue.record(id, .put(failed, .none))
        _ = try await disk.run { () throws(StorageError) in try files.removeData(id) }
    }
}
