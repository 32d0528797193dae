internal import LinuxSystem
internal import Synchronization

/// What may happen so often a second: shared by all who do it, on every loop, without a lock.
///
/// One number is kept: the moment up to which the rate is used up.
final class RateBucket: Sendable {
    /// SystemClock.monotonicNanoseconds.
    private let usedUntil = Atomic<Int64>(0)

    /// Takes one, a second's worth at once at most.
    ///
    /// - Parameters:
    ///   - rate: so many a second, 1 or more.
    ///   - now: SystemClock.monotonicNanoseconds.
    /// - Returns: nil where it may happen; otherwise in how many nanoseconds it may, and nothing is taken.
    func takeOne(rate: Int64, now: Int64) -> Int64? {
        var used = usedUntil.load(ordering: .relaxed)
        while true {
            let next = max(used, now - 1_000_000_000) + 1_000_000_000 / max(1, rate)
            if next > now { return next - now }
            let (isDone, seen) = usedUntil.weakCompareExchange(expected: used, desired: next, ordering: .relaxed)
            if isDone { return nil }
            used = seen
        }
    }

    /// Gives one back that has not happened.
    func giveBackOne(rate: Int64) { usedUntil.subtract(1_000_000_000 / max(1, rate), ordering: .relaxed) }

    /// When the next one may happen.
    var freeNanoseconds: Int64 { usedUntil.load(ordering: .relaxed) }
}
