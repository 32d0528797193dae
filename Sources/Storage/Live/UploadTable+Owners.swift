internal import Synchronization
internal import Uploads

/// Limits of owners are kept here, under the one lock: who promises something has the promises of all others counted
/// in, to the byte.
extension UploadTable {
    /// What an owner has, with what requests under way have promised.
    func usage(of owner: Owner) async throws(StorageError) -> Usage {
        let result: Result<Usage, StorageError> = await withUnsafeContinuation { waiter in
            let (known, loads) = state.withLock { state -> (Result<Usage, StorageError>?, Bool) in
                if state.isClosed { return (.failure(.closed), false) }
                if let usage = state.owners.usage(of: owner) { return (.success(usage), false) }
                return (nil, state.owners.await(owner, waiter))
            }
            if let known { return waiter.resume(returning: known) }
            if loads, !queries.send(.usage(owner)) { loaded(owner, .failure(.closed)) }
        }
        return try result.get()
    }

    /// Takes the answer of the reader's thread.
    func loaded(_ owner: Owner, _ result: Result<Usage, StorageError>) {
        let (waiters, answer) = state.withLock { $0.owners.loaded(owner, result) }
        for waiter in waiters { waiter.resume(returning: answer) }
    }

    /// Has an upload that the caller holds count for as much as it will come to, until it is released and that is
    /// recorded.
    ///
    /// - Parameter upload: the record as it is to be.
    /// - Throws: `overLimit`, and nothing is changed.
    func promise(_ upload: Upload, of owner: Owner, _ limits: OwnerLimits) async throws(StorageError) {
        while true {
            switch state.withLock({ $0.promise(upload, of: owner, limits) }) {
            case .made: return
            case .refused(let bound): throw .overLimit(bound)
            case .unread: _ = try await usage(of: owner)
            }
        }
    }

    /// Raises a promise by bytes that have come. Answers how many of them there is room for.
    func extend(_ id: UploadID, by bytes: Int64, _ limits: OwnerLimits) -> Int64 {
        state.withLock { $0.extend(id, by: bytes, limits) }
    }

    /// Of whom a commit of these steps has to tell what they have now.
    func knownOwners(_ steps: [CatalogueStep]) -> Set<Owner> {
        state.withLock { state in
            if state.owners.count == 0 { return [] }
            return Set(
                steps.lazy.filter { $0.outcome == .goes }.compactMap(\.change.owner).filter(state.owners.isKnown))
        }
    }
}

extension UploadTable.State {
    fileprivate enum Promising {
        case made
        case refused(OwnerBound)
        /// It is not known what the owner has.
        case unread
    }

    fileprivate mutating func promise(_ upload: Upload, of owner: Owner, _ limits: OwnerLimits) -> Promising {
        guard let usage = owners.usage(of: owner) else { return .unread }
        let target = upload.usage
        return with(upload.id) { entry in
            let next = usage.subtracting(entry.promise?.beyond ?? .none).adding(entry.beyond(target))
            if let bound = limits.bound(against: next, from: usage, isPart: upload.isPart) { return .refused(bound) }
            entry.promise = OwnerPromise(owner: owner, target: target)
            return .made
        }
    }

    fileprivate mutating func extend(_ id: UploadID, by bytes: Int64, _ limits: OwnerLimits) -> Int64 {
        guard let entry = live[id], let promise = entry.promise, let usage = owners.usage(of: promise.owner) else {
            return bytes
        }
        // What is begun anew takes the place of what the catalogue still counts of it.
        let others = max(0, usage.bytes - promise.beyond.bytes - (entry.committedRecord?.usage.bytes ?? 0))
        let granted = min(bytes, max(0, (limits.bytesMax ?? .max) - others - promise.target.bytes))
        with(id) { $0.promise?.target.bytes += granted }
        return granted
    }
}
