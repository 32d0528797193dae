internal import Synchronization
internal import Uploads

/// What a request may have to wait for; it may give up.
extension UploadTable {
    /// The record; never disturbs nor awaits whoever holds the upload.
    ///
    /// - Parameter onWait: told where it is not answered at once.
    func read(_ id: UploadID, onWait: (UploadWait) -> Void = { _ in }) async throws(StorageError) -> Upload? {
        try await record(id, onWait) { $0.read($1, $2) }
    }

    /// The record once nobody holds the upload; whoever does is fenced.
    ///
    /// - Parameter requester: who asks, as for `claim`; nil for nobody that could hold it.
    func observe(
        _ id: UploadID, by requester: UInt64? = nil, onWait: (UploadWait) -> Void = { _ in }
    ) async throws(StorageError) -> Upload? {
        try await record(id, onWait) { $0.observe($1, $2, by: requester) }
    }

    /// The record once nobody holds the upload, whoever does being fenced; and nobody will before `unpin`.
    func pin(
        _ id: UploadID, for join: Join, by requester: UInt64? = nil, onWait: (UploadWait) -> Void = { _ in }
    ) async throws(StorageError) -> Upload? {
        try await record(id, onWait) { $0.pin($1, $2, for: join, by: requester) }
    }

    /// Ends one successful `pin`.
    func unpin(_ id: UploadID, _ join: Join) { perform(state.withLock { state in state.with(id) { $0.unpin(join) } }) }

    private func record(
        _ id: UploadID, _ onWait: (UploadWait) -> Void,
        _ ask: @Sendable (inout Live, UInt64, RecordWaiter) -> [Live.Effect]
    ) async throws(StorageError) -> Upload? {
        let result: Result<Upload?, StorageError> = await withUnsafeContinuation { waiter in
            let asked = asked(id, onWait) { live, number in ask(&live, number, waiter) }
            if !asked { waiter.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Holds the upload as soon as nobody else does; whoever does is fenced.
    ///
    /// - Parameters:
    ///   - endsJoins: whether a file that is put together from the upload, or is the upload, ends for that.
    ///   - requester: who will hold it: what they ask for themselves from then on is answered with `misuse`.
    func claim(
        _ id: UploadID, endsJoins: Bool = false, by requester: UInt64? = nil, onWait: (UploadWait) -> Void = { _ in },
        onFence: @escaping @Sendable () -> Void
    ) async throws(StorageError) -> Grant {
        let result: Result<Grant, StorageError> = await withUnsafeContinuation { waiter in
            let asked = asked(id, onWait) { live, token in
                live.claim(token, waiter, endsJoins: endsJoins, by: requester, onFence: onFence)
            }
            if !asked { waiter.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Does what `ask` comes to. Answers false, and does nothing, once the table is closed.
    private func asked(
        _ id: UploadID, _ onWait: (UploadWait) -> Void, _ ask: @Sendable (inout Live, UInt64) -> [Live.Effect]
    ) -> Bool {
        let (effects, wait): ([Live.Effect]?, UploadWait?) = state.withLock { state in
            if state.isClosed { return (nil, nil) }
            let number = state.nextToken()
            return state.with(id) { live in
                let effects = ask(&live, number)
                return (effects, live.isAwaited(by: number) ? UploadWait(place: .table(self, id), number: number) : nil)
            }
        }
        guard let effects else { return false }
        // Before anybody else can answer.
        if let wait { onWait(wait) }
        perform(effects)
        return true
    }

    /// Sends one away who waits, if it does yet.
    func giveUp(_ id: UploadID, _ number: UInt64) {
        perform(state.withLock { state in state.with(id) { $0.giveUp(number, .busy) } })
    }
}
