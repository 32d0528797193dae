import Synchronization
import TestSupport
import Testing
import Uploads

@testable import UploadServer

/// Rates by numbers, without a clock.
@Suite struct RateBucketTests {
    private static let second: Int64 = 1_000_000_000

    @Test(arguments: [1, 1000, 4096, 1 << 20], [100, 64 << 10, 1 << 30] as [Int64])
    func `what flows in steps takes as long as the rate says`(step: Int, rate: Int64) {
        let bucket = RateBucket()
        let start = 1000 * RateBucketTests.second
        var now = start
        for _ in 0..<50 { now = max(now, bucket.take(step, rate: rate, now: now)) }
        // The last one is not waited for.
        let due = Int64(49 * step) * RateBucketTests.second / rate
        // What was not used before may be made up for, for a moment and no longer.
        #expect(now - start <= due)
        #expect(now - start >= due - ServerLimits.rateCreditNanoseconds - 50)
    }

    @Test func `a pause is made up for by a moment's worth, however long it was`() {
        let bucket = RateBucket()
        _ = bucket.take(1000, rate: 1000, now: 10 * RateBucketTests.second)
        let later = 1_000_000 * RateBucketTests.second
        #expect(bucket.take(1000, rate: 1000, now: later) == later - ServerLimits.rateCreditNanoseconds)
        #expect(bucket.freeNanoseconds == later - ServerLimits.rateCreditNanoseconds + RateBucketTests.second)
        // What was not moved is nobody's.
        bucket.giveBack(400, rate: 1000)
        #expect(bucket.freeNanoseconds == later - ServerLimits.rateCreditNanoseconds + 600_000_000)
    }

    @Test func `those who take at once wait behind each other, and nothing is lost between them`() async {
        let bucket = RateBucket()
        let now = 10 * RateBucketTests.second
        let moments = await withTaskGroup(of: [Int64].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<500).map { _ in bucket.take(10, rate: 1000, now: now) } }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(moments).count == 4000)
        #expect(moments.max() == now - ServerLimits.rateCreditNanoseconds + 3999 * RateBucketTests.second / 100)
    }

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
        bucket.giveBack(1, rate: rate)
        #expect(bucket.takeOne(rate: rate, now: now) == nil)
    }

    @Test func `accounts at rest are forgotten, those in use or in debt are not`() throws {
        let rates = FlowRates()
        let owners = try (0..<3 * ServerLimits.rateAccountsMin).map { try #require(Owner("owner \($0)")) }
        let used = rates.account(of: owners[0])
        _ = rates.account(of: owners[1]).incoming.take(1 << 20, rate: 1, now: .max / 2)
        weak let idle: FlowRates.Account? = rates.account(of: owners[2])
        for owner in owners.dropFirst(3) { _ = rates.account(of: owner) }
        #expect(idle == nil)
        #expect(rates.account(of: owners[0]) === used)
        #expect(rates.account(of: owners[1]).incoming.freeNanoseconds > 0)
    }

    @Test func `a body is read in steps of the slowest rate that it is a part of`() {
        let bucket = RateBucket()
        func step(_ rates: Int64...) -> Int? {
            Throttle(rates.map { Throttle.Share(bucket: bucket, rate: $0) })?.stepBytes
        }
        #expect(step() == nil)
        #expect(step(1) == 4096)
        #expect(step(800_000) == 100_000)
        #expect(step(.max, 80_000) == 10_000)
        #expect(step(.max) == 1 << 20)
    }
}
