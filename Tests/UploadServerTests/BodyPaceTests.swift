import Testing

@testable import UploadServer

/// How long a body may keep the server waiting, second by second, without a clock.
@Suite struct BodyPaceTests {
    static let second: Int64 = 1_000_000_000

    /// Lets a client send `bytes` at the end of every `pause` seconds for an hour. Answers after how many seconds its
    /// time was up, nil if it never was.
    func cut(
        sending bytes: Int64, every pause: Int64, rate: Int64 = ServerLimits.bodyRateBytes, idle: Int64 = 60
    ) -> Int64? {
        var pace = BodyPace(
            idleNanoseconds: idle * BodyPaceTests.second, minimumRate: rate,
            windowNanoseconds: ServerLimits.bodyRateWindowNanoseconds)
        var received: Int64 = 0
        var passed: Int64 = 0
        while passed < 3600 * BodyPaceTests.second {
            let allowed = pace.allowance(received: received)
            let pause = pause * BodyPaceTests.second
            pace.spent(nanoseconds: min(allowed, pause))
            passed += min(allowed, pause)
            if allowed < pause { return passed / BodyPaceTests.second }
            received += bytes
        }
        return nil
    }

    static let alive: [(Int64, Int64)] = [(1, 1024), (5, 5120), (59, 60_416), (1, 128), (30, 3840)]
    static let dying: [(Int64, Int64)] = [(1, 1), (1, 127), (20, 2000)]

    @Test(arguments: alive) func `a slow body that lives is never cut`(pause: Int64, bytes: Int64) {
        #expect(cut(sending: bytes, every: pause) == nil)
    }

    @Test(arguments: dying) func `a body below the rate is cut after a window`(pause: Int64, bytes: Int64) {
        #expect(cut(sending: bytes, every: pause) == 60)
    }

    @Test func `without a rate only silence counts`() {
        #expect(cut(sending: 1, every: 59, rate: 0) == nil)
        #expect(cut(sending: 1, every: 61, rate: 0) == 60)
        #expect(cut(sending: 1 << 20, every: 61) == 60)
        #expect(cut(sending: 0, every: 1, rate: 0) == 60)
    }

    @Test func `arrivals without a byte of content are silence`() {
        #expect(cut(sending: 0, every: 1, idle: 10) == 10)
    }

    @Test func `a burst pays for a pause within its window, not for a later one`() {
        var pace = BodyPace(idleNanoseconds: .max, minimumRate: 10, windowNanoseconds: 10 * BodyPaceTests.second)
        #expect(pace.allowance(received: 0) == 10 * BodyPaceTests.second)
        pace.spent(nanoseconds: 9 * BodyPaceTests.second)
        #expect(pace.allowance(received: 99) == BodyPaceTests.second)
        #expect(pace.allowance(received: 1000) == 10 * BodyPaceTests.second)
        pace.spent(nanoseconds: 10 * BodyPaceTests.second)
        #expect(pace.isTooSlow)
    }
}
