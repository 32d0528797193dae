internal import LinuxSystem
internal import Synchronization

/// What loops have to take before a server may say that it serves: its listeners, and its signals.
final class StartGate: Sendable {
    private let left = Atomic<UInt32>(0)
    private let failure = Mutex<Errno?>(nil)

    /// There is one more to wait for. Before `wait`.
    func enter() { left.wrappingAdd(1, ordering: .relaxed) }

    /// One of them is taken, or never will be. From any thread.
    func leave(_ error: Errno?) {
        if let error { failure.withLock { $0 = $0 ?? error } }
        left.wrappingSubtract(1, ordering: .acquiringAndReleasing)
        Futex.wake(left, count: 1)
    }

    /// Blocks until all of them are.
    ///
    /// - Throws: why one of them is not: epoll has no room for it (`fs.epoll.max_user_watches`), or no memory.
    func wait() throws(Errno) {
        while true {
            let count = left.load(ordering: .acquiring)
            if count == 0 { break }
            Futex.wait(left, while: count)
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
