internal import Uploads

/// How an upload ends for good, for whoever holds it. The record says so first: a crash in between forgets no file.
extension StoreParts {
    /// Gives the data file of an upload that somebody holds its own name. Every such delivery goes this way: after a
    /// failure the file may have its name or not, which the next look at record and files tells. Blocks.
    ///
    /// - Returns: nil once it has it. Where something has the name that is not this upload's, the record with another
    ///   name: that is to be recorded before the next attempt, so that a crash leaves no file that nobody finds.
    func deliver(_ upload: Upload) throws(StorageError) -> Upload? {
        do throws(StorageError) {
            if try files.deliver(upload.id, as: upload.name, over: upload.ownNames) { return nil }
            var renamed = upload
            renamed.name = try files.freeName(upload)
            return renamed
        } catch {
            table.doubt(upload.id)
            files.leftBehind()
            throw error
        }
    }

    func delete(_ upload: Upload) async throws(StorageError) {
        let (files, id) = (files, upload.id)
        try await catalogue.record(id, .delete(upload))
        do throws(StorageError) {
            try await disk.run { () throws(StorageError) in try files.removeAll(upload) }
        } catch {
            // It stays recorded that they are to be removed.
            files.report(.removalFailed(id, error))
            return files.leftBehind()
        }
        catalogue.enqueue(id, .remove(epoch: upload.epoch, owner: upload.owner), syncs: [.uploads, .complete])
    }

    /// Deletes uploads that somebody holds, with one transaction.
    ///
    /// - Throws: what the catalogue says, and nothing is changed.
    func delete(_ uploads: [Upload]) async throws(StorageError) {
        let failures = await catalogue.record(together: uploads.map { ($0.id, .delete($0)) })
        for upload in uploads {
            if let failure = failures[upload.id] { throw failure }
        }
        let files = files
        let removed = try? await disk.run(on: .long) { () throws(StorageError) -> [Upload] in
            uploads.filter { upload in
                do throws(StorageError) {
                    try files.removeAll(upload)
                    return true
                } catch {
                    // It stays recorded that they are to be removed.
                    files.report(.removalFailed(upload.id, error))
                    return false
                }
            }
        }
        for upload in removed ?? [] {
            catalogue.enqueue(
                upload.id, .remove(epoch: upload.epoch, owner: upload.owner), syncs: [.uploads, .complete])
        }
        if removed?.count != uploads.count { files.leftBehind() }
    }

    func invalidate(_ upload: Upload) async throws(StorageError) {
        var failed = upload
        failed.state = .failed
        try await catalogue.record(upload.id, .put(failed))
        await removeBytes(upload.id)
    }

    /// Gives back every byte of a file that was put together and has not got its name: it is done again from the first.
    func emptyData(_ id: UploadID) async {
        let files = files
        do throws(StorageError) {
            try await disk.run { () throws(StorageError) in try files.emptyData(id) }
        } catch { files.report(.appendFailed(id, error)) }
    }

    /// Removes the data file, for which nothing stands any more. What is in the way does not matter to whoever asked:
    /// the sweep tries again.
    func removeBytes(_ id: UploadID) async {
        let files = files
        do throws(StorageError) {
            _ = try await disk.run { () throws(StorageError) in try files.removeData(id) }
        } catch {
            files.report(.removalFailed(id, error))
            files.leftBehind()
        }
    }
}
