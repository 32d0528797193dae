internal import LinuxSystem
internal import Reactor

/// Keeps one body, or one download, to the rates that it is a part of: nothing is cut, the next bytes are moved later.
struct Throttle {
    /// One that it is a part of.
    struct Share {
        let bucket: RateBucket
        /// Bytes a second.
        let rate: Int64
    }

    private let shares: [Share]
    /// What time was taken for.
    private var taken = 0
    /// How many bytes are moved at once at most: little enough that nobody waits for long.
    let stepBytes: Int

    /// Nil where no rate bounds it.
    init?(_ shares: [Share]) {
        guard let least = shares.map(\.rate).min() else { return nil }
        self.shares = shares
        let step = max(least / ServerLimits.rateStepsPerSecond, ServerLimits.rateStepBytesMin)
        stepBytes = Int(min(step, ServerLimits.rateStepBytesMax))
    }

    /// Sleeps until so many bytes may be moved, on a timer of the loop's. To be followed by `moved`, unless it throws.
    mutating func wait(for bytes: Int, _ watch: Watch) async throws(Interruption) {
        let now = SystemClock.monotonicNanoseconds
        var start = now
        for share in shares { start = max(start, share.bucket.take(bytes, rate: share.rate, now: now)) }
        taken = bytes
        if start == now { return }
        do throws(Interruption) { try await watch.pause(nanoseconds: start - now) } catch {
            moved(0)
            throw error
        }
    }

    /// So many bytes were moved: for what was not, the time goes back to the others.
    mutating func moved(_ bytes: Int) {
        let rest = taken - bytes
        taken = 0
        if rest == 0 { return }
        for share in shares { share.bucket.giveBack(rest, rate: share.rate) }
    }
}
