import Synchronization
import Testing

@testable import UploadServer

/// Rates by numbers, without a clock.
@Suite struct RateLineTests {
    private static let second: Int64 = 1_000_000_000

    /// Counts how often somebody in a line was woken.
    private final class Calls: Sendable {
        let count = Atomic<Int>(0)
        var wake: @Sendable () -> Void { { self.count.add(1, ordering: .relaxed) } }
        var value: Int { count.load(ordering: .relaxed) }
    }

    @Test(arguments: [1, 1000, 4096, 1 << 20], [100, 64 << 10, 1 << 30] as [Int64])
    func `what flows in steps takes as long as the rate says`(step: Int, rate: Int64) {
        let line = RateLine()
        let start = 1000 * RateLineTests.second
        var now = start
        for _ in 0..<50 {
            now = max(now, line.freeNanoseconds)
            #expect(line.take(step, rate: rate, now: now))
        }
        // The last one is not waited for.
        let due = Int64(49 * step) * RateLineTests.second / rate
        // What was not used before may be made up for, for a moment and no longer.
        #expect(now - start <= due)
        #expect(now - start >= due - ServerLimits.rateCreditNanoseconds - 50)
    }

    @Test func `a pause is made up for by a moment's worth, however long it was`() {
        let line = RateLine()
        #expect(line.take(1000, rate: 1000, now: 10 * RateLineTests.second))
        #expect(!line.take(1, rate: 1000, now: 10 * RateLineTests.second))
        let later = 1_000_000 * RateLineTests.second
        #expect(line.take(1000, rate: 1000, now: later))
        #expect(line.freeNanoseconds == later - ServerLimits.rateCreditNanoseconds + RateLineTests.second)
        // What was not moved is nobody's.
        line.pay(-400, rate: 1000)
        #expect(line.freeNanoseconds == later - ServerLimits.rateCreditNanoseconds + 600_000_000)
        line.pay(100, rate: 1000)
        #expect(line.freeNanoseconds == later - ServerLimits.rateCreditNanoseconds + 700_000_000)
    }

    @Test func `those who wait go one after the other, in their order`() {
        let line = RateLine()
        let now = 10 * RateLineTests.second
        #expect(line.take(1000, rate: 1000, now: now))
        let (first, second) = (Calls(), Calls())
        let one = line.join(wake: first.wake)
        let two = line.join(wake: second.wake)
        let free = line.freeNanoseconds
        #expect(line.turn(of: two, 1000, rate: 1000, now: free) == .behind)
        #expect(line.turn(of: one, 1000, rate: 1000, now: now) == .first(until: free))
        #expect(line.turn(of: one, 1000, rate: 1000, now: free) == .taken)
        #expect((first.value, second.value) == (0, 1))
        #expect(line.turn(of: two, 1000, rate: 1000, now: free) == .first(until: free + RateLineTests.second))
        // Nobody overtakes them.
        #expect(!line.take(1, rate: 1000, now: free + RateLineTests.second))
        #expect(line.turn(of: two, 1000, rate: 1000, now: free + RateLineTests.second) == .taken)
        #expect(line.take(1, rate: 1000, now: free + 2 * RateLineTests.second))
    }

    @Test func `who gives up a place, or time, leaves no gap`() {
        let line = RateLine()
        let now = 10 * RateLineTests.second
        #expect(line.take(1000, rate: 1000, now: now))
        let free = line.freeNanoseconds
        let behind = Calls()
        let gone = (0..<500).map { _ in line.join(wake: {}) }
        let last = line.join(wake: behind.wake)
        for ticket in gone { line.leave(ticket) }
        #expect(behind.value == 1)
        #expect(line.turn(of: last, 1000, rate: 1000, now: now) == .first(until: free))
        // What was taken was not used: whoever is the first hears of it.
        line.pay(-1000, rate: 1000)
        #expect(behind.value == 2)
        #expect(line.turn(of: last, 1000, rate: 1000, now: now) == .taken)
        #expect(line.isAtRest(now: free))
    }

    @Test func `no rate is so low that its moments overflow`() {
        let line = RateLine()
        for _ in 0..<200_000 { line.pay(1 << 20, rate: 1) }
        #expect(line.freeNanoseconds == .max)
        #expect(!line.take(1, rate: 1, now: .max / 2))
    }
}
