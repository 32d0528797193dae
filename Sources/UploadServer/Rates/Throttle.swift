internal import LinuxSystem
internal import Reactor

/// Keeps one body, or one download, to the rates that it is a part of: nothing is cut, the next bytes are moved later.
struct Throttle {
    /// One that it is a part of.
    struct Share {
        let line: RateLine
        /// Bytes a second.
        let rate: Int64
    }

    /// The narrower one first: who waits for that keeps nobody else from the wider one.
    private let shares: [Share]
    private let loop: EventLoop
    /// Bytes that time was taken for and that were not moved yet.
    private var taken = 0
    /// How many bytes are moved at once at most: little enough that nobody waits for long.
    let stepBytes: Int

    /// Nil where no rate bounds it.
    init?(_ shares: [Share], on loop: EventLoop) {
        guard let least = shares.map(\.rate).min() else { return nil }
        self.shares = shares
        self.loop = loop
        stepBytes = Throttle.step(least)
    }

    /// Bytes that are moved at once at a rate.
    static func step(_ rate: Int64) -> Int {
        let step = max(rate / ServerLimits.rateStepsPerSecond, ServerLimits.rateStepBytesMin)
        return Int(min(step, ServerLimits.rateStepBytesMax))
    }

    /// Takes the time for so many bytes if it is there and nobody waits for it. To be followed by `moved`, soon: others
    /// wait meanwhile.
    mutating func takeAtOnce(_ bytes: Int) -> Bool {
        let now = SystemClock.monotonicNanoseconds
        for (index, share) in shares.enumerated() where !share.line.take(bytes, rate: share.rate, now: now) {
            giveBack(bytes, shares[..<index])
            return false
        }
        taken += bytes
        return true
    }

    /// The same after a sleep, as long as it takes, on the loop's timer. On a throw nothing is taken.
    mutating func wait(for bytes: Int, _ watch: Watch) async throws(Interruption) {
        for (index, share) in shares.enumerated() {
            do throws(Interruption) {
                try await share.line.wait(for: bytes, rate: share.rate, watch, on: loop)
            } catch {
                giveBack(bytes, shares[..<index])
                throw error
            }
        }
        taken += bytes
    }

    /// So many bytes were moved: for what was not, the time goes back to the others; what was moved beyond is paid for.
    mutating func moved(_ bytes: Int) {
        let more = bytes - taken
        taken = 0
        if more == 0 { return }
        for share in shares { share.line.pay(more, rate: share.rate) }
    }

    private func giveBack(_ bytes: Int, _ shares: ArraySlice<Share>) {
        for share in shares { share.line.pay(-bytes, rate: share.rate) }
    }
}
