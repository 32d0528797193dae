internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// Whether a loop turns, and how soon it gets to what it is given. Asked by one thread, answered by the loop.
final class LoopPulse: Sendable {
    private let loop: EventLoop
    private let askedNanoseconds = Atomic<Int64>(0)
    private let isAwaited = Atomic<Bool>(false)
    private let lagNanoseconds = Atomic<Int64>(0)

    init(_ loop: EventLoop) { self.loop = loop }

    /// Asks for a sign of life, unless the last one is still awaited. Answers whether the loop had given that.
    func beat() -> Bool {
        if isAwaited.load(ordering: .acquiring) { return false }
        askedNanoseconds.store(SystemClock.monotonicNanoseconds, ordering: .relaxed)
        isAwaited.store(true, ordering: .releasing)
        loop.spawn { [self] _ in
            lagNanoseconds.store(age, ordering: .relaxed)
            isAwaited.store(false, ordering: .releasing)
        }
        return true
    }

    /// How long the loop's last sign of life took, or the awaited one takes already, in nanoseconds. From any thread.
    var lag: Int64 {
        let last = lagNanoseconds.load(ordering: .relaxed)
        return isAwaited.load(ordering: .acquiring) ? max(last, age) : last
    }

    private var age: Int64 { SystemClock.monotonicNanoseconds - askedNanoseconds.load(ordering: .relaxed) }
}
