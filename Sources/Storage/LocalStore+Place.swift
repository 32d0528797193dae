public import Uploads

/// Finished files that are brought to a place elsewhere.
extension LocalStore {
    /// What there is to bring.
    public enum Leaving: ~Copyable, Sendable {
        /// - Parameter isAsItCame: whether nobody has written to it since it was finished.
        case file(FinishedReader, isAsItCame: Bool)
        /// The upload was removed, or has another file by now.
        case superseded
        /// Somebody has taken the file away, or changed it where it stands.
        case taken
    }

    /// The file of an event whose stage is `leaving`, opened.
    ///
    /// - Throws: why that cannot be told now.
    public func leaving(_ event: UploadEvent) async throws(StorageError) -> Leaving {
        guard let upload = try await snapshot(of: event.upload), let finished = upload.finished,
            finished.finishedNanoseconds == event.finishedNanoseconds, upload.state != .expired
        else { return .superseded }
        guard let reader = try await openFinished(event.upload) else { return .taken }
        if reader.finished.finishedNanoseconds != event.finishedNanoseconds { return .superseded }
        if reader.isBeingReplaced { throw .busy }
        if reader.finished.length != event.length { return .taken }
        let isAsItCame = reader.isAsItCame
        return .file(reader, isAsItCame: isAsItCame)
    }

    /// Whether an event's file is still the one that its upload has.
    public func isLeaving(_ event: UploadEvent) async throws(StorageError) -> Bool {
        try await snapshot(of: event.upload)?.finished?.finishedNanoseconds == event.finishedNanoseconds
    }

    /// How far an upload's file is on its way to its place, also where it was brought there by an earlier run; nil
    /// where it has none, or no file.
    public func delivery(of upload: Upload) async throws(StorageError) -> FileDelivery? {
        let result: Result<FileDelivery?, StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.delivery(upload, waiter)) { waiter.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Removes the file of an event here, which stands in its place. What is not that file any more stays, and is told
    /// of: who has replaced it, or written to it, has nothing else of that.
    ///
    /// - Parameter brought: the file that was brought, where that is known; nil after a crash: then it is the one that
    ///   nobody has written to since it was finished.
    /// - Returns: whether it is done; not while somebody holds the upload.
    public func removePlaced(
        _ event: UploadEvent, brought: DeliveredState? = nil
    ) async throws(StorageError) -> Bool {
        let (id, files) = (event.upload, parts.files)
        guard let token = parts.table.claimAtRest(id) else { return false }
        defer { parts.table.release(id, token) }
        let result: Result<Upload?, StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.record(id, waiter)) { waiter.resume(returning: .failure(.closed)) }
        }
        guard let upload = try result.get(), let finished = upload.finished,
            finished.finishedNanoseconds == event.finishedNanoseconds
        else { return true }
        try await parts.disk.run { () throws(StorageError) in
            if let file = try files.openDelivered(id, finished.name),
                !(brought.map { $0 == file.state } ?? finished.isStill(file))
            {
                return files.report(.strangerKept(files.deliveredPath(id, finished.name)))
            }
            try files.removeDelivered(id, finished.name)
            _ = try files.removeEmpty(id)
        }
        return true
    }
}
