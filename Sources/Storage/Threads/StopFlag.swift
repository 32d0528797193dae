internal import LinuxSystem
internal import Synchronization

/// Tells a thread to end. Raised once, by any thread.
final class StopFlag: Sendable {
    /// 1 once raised.
    private let word = Atomic<UInt32>(0)

    var isRaised: Bool { word.load(ordering: .acquiring) != 0 }

    func raise() {
        word.store(1, ordering: .releasing)
        Futex.wake(word, count: .max)
    }

    /// Sleeps for so long, or until the flag is raised.
    func sleep(nanosecondsMax: Int64) { Futex.wait(word, while: 0, nanosecondsMax: nanosecondsMax) }
}
