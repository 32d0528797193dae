internal import LinuxSystem
internal import Synchronization

/// Since when a thread of the store is at its present step. One that neither fails nor returns, as with a disk that
/// hangs, is not to be taken for one that has nothing to do. Beaten by that thread, read by any.
final class ThreadPulse: Sendable {
    /// By the monotonic clock; `rests` while there is nothing to do.
    private let sinceNanoseconds = Atomic<Int64>(ThreadPulse.rests)
    private static let rests = Int64.min

    /// The next step begins.
    func beat() { sinceNanoseconds.store(SystemClock.monotonicNanoseconds, ordering: .relaxed) }

    /// Nothing is to do.
    func rest() { sinceNanoseconds.store(ThreadPulse.rests, ordering: .relaxed) }

    /// How long the step takes already, in nanoseconds; 0 where nothing is to do.
    var stepNanoseconds: Int64 {
        let since = sinceNanoseconds.load(ordering: .relaxed)
        return since == ThreadPulse.rests ? 0 : max(0, SystemClock.monotonicNanoseconds - since)
    }
}
