import LinuxSystem
import Reactor
import Testing

@testable import UploadServer

/// What one body pays of the rates that it is a part of.
@Suite struct ThrottleTests {
    @Test(arguments: [0, 1])
    func `what is moved although a line has no time for it is paid for in every line`(busy: Int) throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let (rate, lines): (Int64, _) = (1000, [RateLine(), RateLine()])
        var throttle = try #require(Throttle(lines.map { .own($0, rate) }, on: group.loops[0]))
        let now = SystemClock.monotonicNanoseconds
        #expect(lines[busy].take(1_000_000, rate: rate, now: now))
        let earlier = lines[busy].freeNanoseconds
        let isTaken = throttle.takeAtOnce(5000)
        #expect(!isTaken)
        throttle.moved(700_000)
        throttle.moved(300_000)
        #expect(lines[busy].freeNanoseconds == earlier + 1_000_000_000_000)
        let other = lines[1 - busy].freeNanoseconds
        #expect(other >= now + 1_000_000_000_000 - ServerLimits.rateCreditNanoseconds)
    }
}
