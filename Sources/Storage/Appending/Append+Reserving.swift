internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// Blocks for what is still to come of a file whose length is known.
extension Append {
    /// Makes sure, before the first byte of the body is read, that there is room for all of it, and reserves the first
    /// piece. Only a full disk counts as a failure: whatever else is wrong the first write finds out again.
    func reserveAhead() async throws(StorageError) {
        do throws(StorageError) {
            try await store.disk.run { [self] () throws(StorageError) in
                try store.files.checkFits((minted.length ?? 0) - minted.offset.bytes)
                try reserve(position: minted.offset.bytes, count: 0)
            }
        } catch {
            guard error == .noSpace else { return }
            await takeBack()
            abandon()
            throw error
        }
    }

    /// Reserves the next piece, when a write of `count` bytes at `position` goes beyond what is reserved and more is to
    /// come. On a disk thread.
    func reserve(position: Int64, count: Int) throws(StorageError) {
        let reserved = state.withLock { $0.reserved }
        guard let length = minted.length, length > position + Int64(count), position + Int64(max(count, 1)) > reserved
        else {
            return
        }
        let more = min(max(StorageLimits.reservationBytes, Int64(count)), length - position)
        let file = try open()
        try doing("write upload \(id)") { () throws(Errno) in try file.reserve(offset: position, length: more) }
        state.withLock { $0.reserved = position + more }
    }

    /// Leaves nothing of an upload that was only announced; cuts any other one back.
    private func takeBack() async {
        let (isNew, file) = state.withLock { state in
            defer { state.owesRecord = false }
            return (state.owesRecord, state.file.take())
        }
        let (files, id, offset) = (store.files, id, minted.offset.bytes)
        try? await store.disk.run { () throws(StorageError) in
            try? file?.truncate(to: offset)
            if isNew { _ = try files.removeData(id) }
        }
        if isNew { store.table.withdraw(id) }
    }
}
