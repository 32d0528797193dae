internal import Uploads

/// How an upload begins anew, for whoever holds it.
extension StoreParts {
    /// - Throws: why it could not at this moment.
    func checkAnew(_ id: UploadID, isOpen: Bool) throws(StorageError) {
        if !isOpen {
            guard table.promiseOpen() else { throw .tooManyUploads }
            table.keepPromise()
        }
        if let failure = health.failure { throw failure }
        if let failure = files.awaited.failure(id) { throw failure }
    }

    /// Replaces the record that there is. The old bytes are to be cut off by whoever opens the data file next.
    ///
    /// - Parameter isOpen: whether it is open already.
    func beginAnew(_ fresh: Upload, isOpen: Bool) async throws(StorageError) {
        // Until it is counted itself: many may begin anew at one moment.
        if !isOpen, !table.promiseOpen() { throw .tooManyUploads }
        defer { if !isOpen { table.keepPromise() } }
        let (files, id) = (files, fresh.id)
        if let failure = health.failure { throw failure }
        if let failure = files.awaited.failure(id) { throw failure }
        // The journal stands in for finished uploads only.
        if let journal, journal.holds(id) {
            try await disk.run { () throws(StorageError) in try journal.sync(id) }
        }
        // From here on the data file is there until it is renamed: `Recovery` counts on it.
        try await disk.run { () throws(StorageError) in try files.ensureData(id) }
        try await catalogue.record(id, .reset(fresh), syncs: .uploads)
    }
}
