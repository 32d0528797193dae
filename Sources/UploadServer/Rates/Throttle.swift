internal import LinuxSystem
internal import Reactor

/// Keeps one body, or one download, to the rates that it is a part of: nothing is cut, the next bytes are moved later.
struct Throttle {
    /// One that it is a part of.
    enum Share {
        /// A line, and bytes a second.
        case own(RateLine, Int64)
        /// What all of several rates go through, while they are several.
        case common(RateLines)

        var line: RateLine {
            switch self {
            case .own(let line, _): line
            case .common(let lines): lines.common
            }
        }

        /// Bytes a second now; nil while it bounds nothing.
        var rate: Int64? {
            switch self {
            case .own(_, let rate): rate
            case .common(let lines): lines.commonRate
            }
        }
    }

    /// The narrower ones first: who waits for those keeps nobody else from the wider ones.
    private let shares: [Share]
    private let loop: EventLoop
    /// Bytes that time was taken for and that were not moved yet.
    private var taken = 0
    /// At which rate that was, share by share, but for the first one whose time was not there and those behind it; 0
    /// for one that bounded nothing.
    private var rates: [Int64] = []
    /// How many bytes are moved at once at most: little enough that nobody waits for long.
    let stepBytes: Int

    /// Nil where no rate bounds it.
    init?(_ shares: [Share], on loop: EventLoop) {
        let own = shares.compactMap { if case .own(_, let rate) = $0 { rate } else { nil } }
        guard let least = own.min() else { return nil }
        self.shares = shares
        self.loop = loop
        stepBytes = Throttle.step(least)
        rates.reserveCapacity(shares.count)
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
        rates.removeAll(keepingCapacity: true)
        for share in shares {
            let rate = share.rate ?? 0
            if rate > 0, !share.line.take(bytes, rate: rate, now: now) {
                pay(-bytes)
                return false
            }
            rates.append(rate)
        }
        taken += bytes
        return true
    }

    /// The same after a sleep, as long as it takes, on the loop's timer. On a throw nothing is taken.
    ///
    /// - Parameter isCalled: whether the wait is to end now, which the watch is woken for.
    /// - Returns: whether the time was taken.
    @discardableResult
    mutating func wait(
        for bytes: Int, _ watch: Watch, unless isCalled: () -> Bool = { false }
    ) async throws(Interruption) -> Bool {
        rates.removeAll(keepingCapacity: true)
        for share in shares {
            let rate = share.rate ?? 0
            var isTaken = true
            do throws(Interruption) {
                if rate > 0 {
                    isTaken = try await share.line.wait(for: bytes, rate: rate, watch, on: loop, unless: isCalled)
                }
            } catch {
                pay(-bytes)
                throw error
            }
            guard isTaken else {
                pay(-bytes)
                return false
            }
            rates.append(rate)
        }
        taken += bytes
        return true
    }

    /// So many bytes were moved: for what was not, the time goes back to the others; what was moved beyond is paid for,
    /// also where the time for it was asked for in vain.
    mutating func moved(_ bytes: Int) {
        let more = bytes - taken
        taken = 0
        if more == 0 { return }
        pay(more)
        if rates.count == shares.count { return }
        let now = SystemClock.monotonicNanoseconds
        for share in shares[rates.count...] {
            if let rate = share.rate { share.line.charge(more, rate: rate, now: now) }
        }
    }

    private func pay(_ bytes: Int) {
        for (share, rate) in zip(shares, rates) where rate > 0 { share.line.pay(bytes, rate: rate) }
    }
}
