internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// What an append answers while it goes on.
extension Append {
    /// Whether bytes have come within the last moment, or are being written.
    var isMoving: Bool {
        let now = SystemClock.monotonicNanoseconds
        return state.withLock { state in
            !state.isEnding && !state.isAbandoned
                && (state.isWriting || state.waitsForServer
                    || now - state.lastMoveNanoseconds < StorageLimits.movingNanoseconds)
        }
    }

    /// Who waited for the server has a moment from then on to be heard of again.
    func waitsForServer(_ waits: Bool) {
        let now = SystemClock.monotonicNanoseconds
        state.withLock { state in
            state.waitsForServer = waits
            if !waits { state.lastMoveNanoseconds = now }
        }
    }

    /// The record, with what is written by now settled; nil where the append is about to end, or counts only as a
    /// whole. However many ask, one checkpoint is on its way at a time, and none soon after another one.
    ///
    /// - Parameter onWait: told where it is not answered at once.
    /// - Throws: `busy` where the wait was given up.
    func settledSoFar(onWait: (UploadWait) -> Void) async throws(StorageError) -> Upload? {
        let result: Result<Upload?, StorageError> = await withUnsafeContinuation { waiter in
            switch state.withLock({ ask(waiter, &$0) }) {
            case .answer(let record): waiter.resume(returning: .success(record))
            case .wait(let number): onWait(UploadWait(place: .append(self), number: number))
            case .begin(let number):
                onWait(UploadWait(place: .append(self), number: number))
                checkpoint()
            }
        }
        return try result.get()
    }

    /// Sends one away who waits for `settledSoFar`, if it does yet.
    func giveUp(_ number: UInt64) {
        let waiter = state.withLock { state in
            state.checkpointWaiters.firstIndex { $0.number == number }.map {
                state.checkpointWaiters.remove(at: $0).waiter
            }
        }
        waiter?.resume(returning: .failure(.busy))
    }

    private enum Asked {
        case answer(Upload?)
        case wait(UInt64)
        case begin(UInt64)
    }

    private func ask(
        _ waiter: UnsafeContinuation<Result<Upload?, StorageError>, Never>, _ state: inout AppendState
    ) -> Asked {
        if isProvisional || state.isEnding || state.isAbandoned || state.failure != nil { return .answer(nil) }
        if state.owesRestart { return .answer(state.record) }
        if state.isCheckpointing {
            return .wait(state.await(waiter))
        }
        let now = SystemClock.monotonicNanoseconds
        let isRecent = now - state.lastAskedNanoseconds < StorageLimits.askedCheckpointNanoseconds
        if isRecent || state.written == state.record.offset.bytes { return .answer(state.record) }
        state.lastAskedNanoseconds = now
        state.isCheckpointing = true
        return .begin(state.await(waiter))
    }
}
