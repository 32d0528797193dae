public import Uploads

/// What is asked by those who look after the store.
extension LocalStore {
    /// One step through the records, the newest first: it ends after `limit` of them, or after as many rows as one step
    /// may look at. Disturbs nobody.
    ///
    /// - Parameter row: where the step before has ended; nil to begin.
    public func list(
        _ filter: UploadFilter, before row: Int64? = nil, limit: Int
    ) async throws(StorageError) -> ListedUploads {
        let request = ListRequest(filter: filter, before: row, limit: max(1, limit))
        let result: Result<ListedUploads, StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.list(request, waiter)) { waiter.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// What owners have by the catalogue, in the order of their names, at most `limit` of them.
    ///
    /// - Parameter name: behind which to go on; empty to begin.
    public func usages(after name: String, limit: Int) async throws(StorageError) -> [OwnerUsage] {
        let result: Result<[OwnerUsage], StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.owners(after: name, limit: limit, waiter)) { waiter.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// How many bytes of an upload are in its file while a request brings more; nil while none does.
    public func received(of id: UploadID) -> Int64? { parts.table.unfencedAppend(id)?.writtenBytes }

    /// Uploads that take bytes at this moment, some of them where there are very many.
    public func movingUploads() -> [MovingUpload] {
        parts.table.appends(among: StorageLimits.listedMovingMax).map { append in
            MovingUpload(upload: append.minted, received: append.writtenBytes)
        }
    }

    /// What becomes of uploads, as it does.
    public var feed: UploadFeed { parts.table.feed }
}
