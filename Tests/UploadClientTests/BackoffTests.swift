import Testing

@testable import UploadClient

@Suite struct BackoffTests {
    @Test func `gives up after as many retries as were asked for`() {
        var backoff = Backoff(retriesMax: 2)
        let pauses = (0..<3).map { _ in backoff.pause(now: 0, retryAfterSeconds: nil, random: 7) }
        #expect(pauses[0] != nil)
        #expect(pauses[1] != nil)
        #expect(pauses[2] == nil)
    }

    @Test func `no retries means one attempt`() {
        var backoff = Backoff(retriesMax: 0)
        #expect(backoff.pause(now: 0, retryAfterSeconds: nil, random: 0) == nil)
    }

    @Test func `pauses double up to a bound, and never fall below half of that`() throws {
        var backoff = Backoff(retriesMax: nil)
        var step = ClientLimits.backoffNanoseconds
        for random in [0, 1, UInt64.max, 12_345, 0, UInt64.max, 3, 4, 5, 6] {
            let next = backoff.pause(now: 0, retryAfterSeconds: nil, random: random)
            let pause = try #require(next)
            #expect((step / 2...step).contains(pause))
            step = min(step * 2, ClientLimits.backoffMaxNanoseconds)
        }
    }

    @Test func `progress forgets earlier failures`() {
        var backoff = Backoff(retriesMax: 1)
        for _ in 0..<10 {
            #expect(backoff.pause(now: 0, retryAfterSeconds: nil, random: 0) != nil)
            backoff.madeProgress()
        }
    }

    @Test func `patience ends, however many attempts there were`() {
        var backoff = Backoff(retriesMax: nil)
        #expect(backoff.pause(now: 5, retryAfterSeconds: nil, random: 0) != nil)
        #expect(backoff.pause(now: 5 + ClientLimits.patienceNanoseconds, retryAfterSeconds: nil, random: 0) != nil)
        #expect(backoff.pause(now: 6 + ClientLimits.patienceNanoseconds, retryAfterSeconds: nil, random: 0) == nil)
    }

    @Test(arguments: [(3, 3), (100_000, 900)])
    func `waits as long as the server asks, within a bound`(asked: Int64, waited: Int64) {
        var backoff = Backoff(retriesMax: nil)
        #expect(backoff.pause(now: 0, retryAfterSeconds: asked, random: 0) == waited * 1_000_000_000)
    }
}
