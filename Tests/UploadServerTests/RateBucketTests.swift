import Synchronization
import TestSupport
import Testing
import Uploads

@testable import UploadServer

/// Rates by numbers, without a clock.
@Suite struct RateBucketTests {
    private static let second: Int64 = 1_000_000_000

    @Test(arguments: [1, 5, 1000] as [Int64])
    func `so many may happen in a second, and who is refused is told when`(rate: Int64) {
        let bucket = RateBucket()
        var now = 10 * RateBucketTests.second
        for _ in 0..<rate { #expect(bucket.takeOne(rate: rate, now: now) == nil) }
        let wait = bucket.takeOne(rate: rate, now: now)
        #expect(wait == RateBucketTests.second / rate)
        // A refusal takes nothing.
        #expect(bucket.takeOne(rate: rate, now: now) == wait)
        now += wait ?? 0
        #expect(bucket.takeOne(rate: rate, now: now) == nil)
        #expect(bucket.takeOne(rate: rate, now: now) != nil)
        bucket.giveBackOne(rate: rate)
        #expect(bucket.takeOne(rate: rate, now: now) == nil)
    }

    @Test(arguments: [1, 5, 10, 1000] as [Int64])
    func `after a pause so many happen at once, and in no second more than twice as many`(rate: Int64) {
        let bucket = RateBucket()
        let step: Int64 = 100_000
        var taken: [Int64] = []
        for now in stride(from: 5 * Self.second, through: 10 * Self.second, by: Int(step)) {
            while bucket.takeOne(rate: rate, now: now) == nil { taken.append(now) }
        }
        #expect(taken.count == 6 * Int(rate))
        #expect(taken.count { $0 == 5 * Self.second } == Int(rate))
        var first = 0
        for (index, now) in taken.enumerated() {
            while taken[first] <= now - Self.second { first += 1 }
            #expect(index - first < 2 * Int(rate))
        }
    }

    @Test func `accounts at rest are forgotten, those in use or in debt are not`() throws {
        let rates = FlowRates()
        let owners = try (0..<3 * ServerLimits.rateAccountsMin).map { try #require(Owner("owner \($0)")) }
        let used = rates.account(of: owners[0])
        let slow = rates.account(of: owners[1]).incoming.shares(at: 1)[0].line
        _ = slow.take(1 << 20, rate: 1, now: .max / 2)
        weak let idle: FlowRates.Account? = rates.account(of: owners[2])
        for owner in owners.dropFirst(3) { _ = rates.account(of: owner) }
        #expect(idle == nil)
        #expect(rates.account(of: owners[0]) === used)
        #expect(rates.account(of: owners[1]).incoming.shares(at: 1).first?.line === slow)
    }

    @Test func `a body is read in steps of the rate that it is a part of`() {
        #expect(Throttle.step(1) == 4096)
        #expect(Throttle.step(800_000) == 100_000)
        #expect(Throttle.step(.max) == 1 << 20)
    }
}
