internal import LinuxSystem
internal import Synchronization

/// What flows at so much a second: shared by all who make it up, on every loop, without a lock.
///
/// One number is kept: the moment up to which the rate is used up. Who is about to move something takes the time behind
/// that, as long as his amount is worth, and begins when it begins: so all stand in one line, however many they are.
final class RateBucket: Sendable {
    /// SystemClock.monotonicNanoseconds.
    private let usedUntil = Atomic<Int64>(0)

    /// Takes the time for an amount.
    ///
    /// - Parameters:
    ///   - rate: so much a second, 1 or more.
    ///   - now: SystemClock.monotonicNanoseconds.
    /// - Returns: when it may be moved.
    func take(_ amount: Int, rate: Int64, now: Int64) -> Int64 {
        let cost = RateBucket.nanoseconds(amount, rate)
        var used = usedUntil.load(ordering: .relaxed)
        while true {
            let start = max(used, now - ServerLimits.rateCreditNanoseconds)
            let (isDone, seen) = usedUntil.weakCompareExchange(
                expected: used, desired: start + cost, ordering: .relaxed)
            if isDone { return start }
            used = seen
        }
    }

    /// Gives back the time of an amount that was not moved.
    func giveBack(_ amount: Int, rate: Int64) {
        usedUntil.subtract(RateBucket.nanoseconds(amount, rate), ordering: .relaxed)
    }

    /// When the next amount may be moved.
    var freeNanoseconds: Int64 { usedUntil.load(ordering: .relaxed) }

    /// Takes one of what is to happen so often a second, a second's worth at once at most.
    ///
    /// - Returns: nil where it may happen; otherwise in how many nanoseconds it may, and nothing is taken.
    func takeOne(rate: Int64, now: Int64) -> Int64? {
        var used = usedUntil.load(ordering: .relaxed)
        while true {
            let next = max(used, now - 1_000_000_000) + RateBucket.nanoseconds(1, rate)
            if next > now { return next - now }
            let (isDone, seen) = usedUntil.weakCompareExchange(expected: used, desired: next, ordering: .relaxed)
            if isDone { return nil }
            used = seen
        }
    }

    /// An amount is what one buffer holds at most: a billion times as much is a number yet.
    private static func nanoseconds(_ amount: Int, _ rate: Int64) -> Int64 {
        let atOneASecond = Int64(amount) * 1_000_000_000
        return atOneASecond / max(1, rate)
    }
}
