internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// Blocks for what is still to come of a request or a file whose length is known.
extension Append {
    /// Reserves the next piece when a write of `count` bytes at `position` goes beyond what is reserved and more is to
    /// come: as much again as the append has brought by now, so that who only announces holds little. On a disk thread.
    ///
    /// A disk that has not so much is no failure yet: the write finds out whether its own bytes fit.
    func reserve(_ file: DataFile, position: Int64, count: Int) {
        let reserved = state.withLock { $0.reserved }
        let end = position + Int64(count)
        guard let expectedEnd, expectedEnd > end, end > reserved, end >= minted.offset.bytes + StorageLimits.reservedMin
        else { return }
        let brought = end - minted.offset.bytes
        let more = min(min(brought, StorageLimits.reservationBytes) + Int64(count), expectedEnd - position)
        if reserveBytes > 0, (try? store.files.checkFits(more, besides: reserveBytes)) == nil {
            state.withLock { $0.reserved = .max }
            return
        }
        do throws(Errno) {
            try file.reserve(offset: position, length: more)
            state.withLock { $0.reserved = position + more }
        } catch {
            state.withLock { $0.reserved = .max }
        }
    }
}
