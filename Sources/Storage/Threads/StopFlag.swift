internal import LinuxSystem
internal import Synchronization

/// Tells a thread to end, raised once; and wakes it from its sleep when there is something to do. From any thread.
final class StopFlag: Sendable {
    private static let raised: UInt32 = 1
    private static let nudged: UInt32 = 2

    private let word = Atomic<UInt32>(0)

    var isRaised: Bool { word.load(ordering: .acquiring) & StopFlag.raised != 0 }

    func raise() { set(StopFlag.raised) }

    /// Ends the thread's sleep, or the next one.
    func nudge() { set(StopFlag.nudged) }

    /// Takes back the nudge, if there was one, and answers whether there was.
    func takeNudge() -> Bool {
        word.bitwiseAnd(~StopFlag.nudged, ordering: .acquiringAndReleasing).oldValue & StopFlag.nudged != 0
    }

    /// Sleeps for so long, or until the flag is raised, a nudge or not.
    func sleep(nanosecondsMax: Int64) {
        let start = SystemClock.monotonicNanoseconds
        while !isRaised {
            let left = nanosecondsMax - (SystemClock.monotonicNanoseconds - start)
            if left <= 0 { return }
            Futex.wait(word, while: word.load(ordering: .relaxed) & StopFlag.nudged, nanosecondsMax: left)
        }
    }

    /// Sleeps for so long, or until the flag is raised or the thread is nudged.
    func sleepUnlessNudged(nanosecondsMax: Int64) { Futex.wait(word, while: 0, nanosecondsMax: nanosecondsMax) }

    private func set(_ bit: UInt32) {
        if word.bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue & bit != 0 { return }
        Futex.wake(word, count: .max)
    }
}
