internal import LinuxSystem
internal import Reactor
internal import Storage

/// Waits of a request for what no event of its connection ends: an upload that another one has, above all.
///
/// Its client may go meanwhile, or the server stop; then it waits a moment more, since who has only said that it sends
/// nothing more may get its answer yet, and gives up. So it takes its connection's place for no longer.
extension Exchange: WatchAttendant {
    /// Waits for what `body` asks of the store; it is given what to tell of waits that begin.
    func waiting<T: ~Copyable>(
        _ body: ((UploadWait) -> Void) async throws(StorageError) -> T
    ) async throws(StorageError) -> T {
        defer { endWait() }
        return try await body { beginWait($0) }
    }

    private func beginWait(_ wait: UploadWait) {
        if self.wait == nil {
            watch.setDeadline(.max)
            watch.attend(self)
        }
        self.wait = wait
        stirred()
    }

    private func endWait() {
        guard wait != nil else { return }
        wait = nil
        waitEnd = .max
        watch.attend(nil)
        watch.setDeadline(.max)
    }

    func stirred() {
        guard let wait else { return }
        let now = SystemClock.monotonicNanoseconds
        if now >= waitEnd { return wait.giveUp() }
        guard waitEnd == .max, channel.isClientGone || server.isStopping else { return }
        waitEnd = now + ServerLimits.waitWithoutClientNanoseconds
        watch.setDeadline(waitEnd)
    }
}
