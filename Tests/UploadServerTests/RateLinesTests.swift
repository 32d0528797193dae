import LinuxSystem
import Testing

@testable import UploadServer

/// Rates of one owner that are not the same.
@Suite struct RateLinesTests {
    @Test func `what was moved at a low rate keeps nobody waiting who may go faster`() {
        let lines = RateLines()
        let slow = lines.shares(at: 1)[0]
        let now = SystemClock.monotonicNanoseconds
        #expect(slow.line.take(60_000, rate: 1, now: now))
        #expect(!slow.line.take(1, rate: 1, now: now))
        let fast = lines.shares(at: 1_000_000)
        #expect(fast.map(\.rate) == [1_000_000, 1_000_000])
        for share in fast { #expect(share.line.take(1000, rate: 1_000_000, now: now)) }
        // Who comes again at the low rate pays for what was moved before.
        #expect(lines.shares(at: 1)[0].line === slow.line)
    }

    @Test(arguments: [[1000, 10, 500], [10, 500, 1000], [500, 1000, 10]])
    func `all together are no faster than the highest rate, in whatever order they came`(rates: [Int64]) {
        let lines = RateLines()
        let all = rates.map { lines.shares(at: $0) }
        for (shares, rate) in zip(all, rates) {
            #expect(shares.map(\.rate) == [rate, 1000])
            #expect(shares[1].line === lines.common)
        }
    }

    @Test func `one rate alone is one line`() {
        let lines = RateLines()
        let all = (1...3).map { _ in lines.shares(at: 10) }
        #expect(all.allSatisfy { $0.map(\.rate) == [10, nil] && $0[0].line === all[0][0].line })
    }

    @Test func `rates that nobody has any more are forgotten, those in debt are not`() {
        let lines = RateLines()
        var fast = lines.shares(at: 1000)
        #expect(lines.shares(at: 10)[1].rate == 1000)
        fast = []
        #expect(fast.isEmpty && lines.shares(at: 20)[1].rate == nil)
        let now = SystemClock.monotonicNanoseconds
        #expect(lines.isAtRest(now: now))
        var held = lines.shares(at: 10)
        #expect(!lines.isAtRest(now: now), "somebody is about to move something")
        #expect(held[0].line.take(1 << 20, rate: 10, now: now))
        held = []
        #expect(held.isEmpty && !lines.isAtRest(now: now))
        #expect(lines.shares(at: 5)[1].rate == 10)
    }

    @Test func `so many rates are remembered and no more, however much was moved at them`() {
        let lines = RateLines()
        let now = SystemClock.monotonicNanoseconds
        weak var first: RateLine?
        for rate in Int64(1)...Int64(2 * ServerLimits.rateLinesMax) {
            let share = lines.shares(at: rate)[0]
            #expect(share.line.take(1 << 30, rate: rate, now: now))
            if rate == 1 { first = share.line }
        }
        #expect(first == nil)
    }
}
