internal import Synchronization
internal import Uploads

/// An upload that begins anew keeps what it has until the first byte of the new attempt is there.
extension Append {
    /// Replaces the record, if that is owed. After a failure it still is: nothing of the old attempt may be touched,
    /// and the append fails.
    func beginAnew() async {
        let (isOwed, isOpen) = state.withLock { ($0.owesRestart && $0.failure == nil, $0.record.state == .open) }
        if !isOwed { return }
        do throws(StorageError) {
            try await store.beginAnew(minted, isOpen: isOpen)
            state.withLock { state in
                state.record = minted
                state.owesRestart = false
            }
        } catch { fail(error) }
    }

    /// The record as it was, where no byte has come; nil where the upload does not begin anew, or has.
    func untouched() throws(StorageError) -> Upload? {
        let (isOwed, record, failure) = state.withLock { ($0.owesRestart, $0.record, $0.failure) }
        guard isOwed else { return nil }
        if let failure { throw failure }
        return record
    }
}
