import Storage
import Testing
import Uploads

@testable import Events

/// A queue that several expressions may change.
@dynamicMemberLookup
private final class Target {
    var queue: DeliveryQueue

    init(_ chance: Double) { queue = DeliveryQueue(chance: { chance }) }

    subscript<Value>(dynamicMember path: KeyPath<DeliveryQueue, Value>) -> Value { queue[keyPath: path] }

    func begin(now: Int64) -> DeliveryQueue.Attempt? { queue.begin(now: now) }
    func end(_ attempt: DeliveryQueue.Attempt, _ outcome: DeliveryQueue.Outcome, now: Int64) {
        queue.end(attempt, outcome, now: now)
    }
    func nextNanoseconds() -> Int64? { queue.nextNanoseconds() }
    func overdue(before milliseconds: Int64) -> [UploadEvent] { queue.overdue(before: milliseconds) }
    func giveUp(_ sequence: Int64) { queue.giveUp(sequence) }
    func drop(before sequence: Int64) { queue.drop(before: sequence) }
}

/// Which event is told when, by a clock that the test moves.
@Suite struct DeliveryQueueTests {
    private static let second: Int64 = 1_000_000_000

    /// An event of the upload of this number; it became true at so many milliseconds.
    private func event(_ sequence: Int64, of upload: UInt64, at milliseconds: Int64 = 0) -> UploadEvent {
        UploadEvent(
            sequence: sequence, kind: .created, milliseconds: milliseconds, upload: UploadID(high: 1, low: upload),
            dialect: .tus, owner: nil, name: CleanName("f"), contentType: nil, metadata: nil, length: nil, offset: 0,
            hasFile: false, concatenation: nil, createdSeconds: 0)
    }

    private func queue(_ events: [UploadEvent], chance: Double = 0) -> Target {
        let target = Target(chance)
        target.queue.add(events)
        return target
    }

    @Test func `events of one upload are told one after another, those of others beside them`() throws {
        let queue = queue([event(1, of: 1), event(2, of: 1), event(3, of: 2), event(4, of: 1)])
        let first = try #require(queue.begin(now: 0))
        #expect(queue.begin(now: 0)?.event.sequence == 3)
        #expect(queue.begin(now: 0) == nil)
        queue.end(first, .taken, now: 0)
        #expect(queue.begin(now: 0)?.event.sequence == 2)
        #expect(queue.begin(now: 0) == nil && queue.nextNanoseconds() == nil)
    }

    @Test func `what is behind a refused event of its upload waits with it, and others do not`() throws {
        let queue = queue([event(1, of: 1), event(2, of: 1), event(3, of: 2)])
        queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
        #expect(queue.begin(now: 0)?.event.sequence == 3)
        #expect(queue.begin(now: 0) == nil && queue.nextNanoseconds() == Self.second)
        #expect(queue.begin(now: Self.second)?.event.sequence == 1)
    }

    @Test func `waits begin at a second, double, and end at a quarter of an hour`() throws {
        let queue = queue([event(1, of: 1)])
        var (now, waits): (Int64, [Int64]) = (0, [])
        for _ in 1...13 {
            queue.end(try #require(queue.begin(now: now)), .unreachable(retryNanoseconds: nil), now: now)
            let next = try #require(queue.nextNanoseconds())
            #expect(queue.begin(now: next - 1) == nil)
            waits.append((next - now) / Self.second)
            now = next
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    }

    @Test func `chance makes a wait shorter by a quarter at most`() throws {
        for (chance, wait) in [(0.0, Self.second), (0.5, 875_000_000), (1.0, 750_000_000)] {
            let queue = queue([event(1, of: 1)], chance: chance)
            queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
            #expect(queue.nextNanoseconds() == wait)
        }
    }

    @Test func `a target that is not there gets one event after each pause, until it takes one`() throws {
        let queue = queue((1...40).map { event($0, of: UInt64($0)) })
        var attempts: [DeliveryQueue.Attempt] = []
        while let attempt = queue.begin(now: 0) { attempts.append(attempt) }
        #expect(attempts.count == EventsLimits.requestsMax)
        for attempt in attempts { queue.end(attempt, .unreachable(retryNanoseconds: nil), now: 0) }
        #expect(queue.isTroubled && queue.nextNanoseconds() == Self.second, "all of them are one failure")
        let probe = try #require(queue.begin(now: Self.second))
        #expect(queue.begin(now: Self.second) == nil)
        queue.end(probe, .unreachable(retryNanoseconds: nil), now: Self.second)
        #expect(queue.nextNanoseconds() == 3 * Self.second)
        let second = try #require(queue.begin(now: 3 * Self.second))
        #expect(second.event.sequence == 1)
        queue.end(second, .taken, now: 3 * Self.second)
        #expect(!queue.isTroubled)
        var again = 0
        while queue.begin(now: 3 * Self.second) != nil { again += 1 }
        #expect(again == EventsLimits.requestsMax)
    }

    @Test func `what was on its way when the trouble began does not end it`() throws {
        let queue = queue((1...40).map { event($0, of: UInt64($0)) })
        let (failing, lucky) = (try #require(queue.begin(now: 0)), try #require(queue.begin(now: 0)))
        queue.end(failing, .unreachable(retryNanoseconds: nil), now: 0)
        queue.end(lucky, .taken, now: 0)
        #expect(queue.isTroubled && queue.begin(now: 0) == nil && queue.count == 39)
    }

    @Test func `a target that asks for time gets it, within bounds`() throws {
        for (asked, granted) in [(Int64(30), Int64(30)), (86_400, 900), (0, 1)] {
            let queue = queue([event(1, of: 1)])
            let attempt = try #require(queue.begin(now: 0))
            queue.end(attempt, .unreachable(retryNanoseconds: asked * Self.second), now: 0)
            #expect(queue.nextNanoseconds() == granted * Self.second)
        }
    }

    @Test func `a target that refuses one event after another is left alone for a while`() throws {
        let queue = queue((1...40).map { event($0, of: UInt64($0)) })
        for _ in 1..<EventsLimits.failuresOfTargetMin {
            queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
            #expect(!queue.isTroubled)
        }
        queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
        #expect(queue.isTroubled && queue.begin(now: Self.second - 1) == nil)
    }

    @Test func `an event that this server cannot tell yet is no failure of the target`() throws {
        let queue = queue([event(1, of: 1), event(2, of: 2)])
        let attempt = try #require(queue.begin(now: 0))
        queue.end(attempt, .unready, now: 0)
        #expect(!queue.isTroubled && queue.overdue(before: .max).isEmpty)
        #expect(queue.begin(now: 0)?.event.sequence == 2 && queue.begin(now: Self.second)?.event.sequence == 1)
    }

    @Test func `only what was tried is given up, or what cannot be tried`() throws {
        let queue = queue([event(1, of: 1, at: 10), event(2, of: 2, at: 10), event(3, of: 3, at: 30)])
        queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
        #expect(queue.overdue(before: 20).map(\.sequence) == [1])
        #expect(queue.overdue(before: 10).isEmpty)
        queue.end(try #require(queue.begin(now: 0)), .unreachable(retryNanoseconds: nil), now: 0)
        #expect(queue.overdue(before: 20).map(\.sequence) == [1, 2])
        queue.giveUp(1)
        queue.giveUp(2)
        #expect(queue.count == 1 && queue.oldestMilliseconds == 30)
    }

    @Test func `what was dropped is not told, and what is on its way ends by itself`() throws {
        let queue = queue((1...4).map { event($0, of: UInt64($0)) })
        let attempt = try #require(queue.begin(now: 0))
        queue.drop(before: 4)
        #expect(queue.count == 2)
        queue.end(attempt, .taken, now: 0)
        #expect(queue.count == 1 && queue.begin(now: 0)?.event.sequence == 4)
    }

    @Test func `the window is filled again when it is half empty`() throws {
        let queue = queue((1...Int64(EventsLimits.windowMax)).map { event($0, of: UInt64($0)) })
        #expect(queue.room == 0 && !queue.isLow)
        for _ in 1...EventsLimits.windowLow { queue.end(try #require(queue.begin(now: 0)), .taken, now: 0) }
        #expect(queue.isLow && queue.room == EventsLimits.windowMax - EventsLimits.windowLow)
        #expect(queue.lastSequence == Int64(EventsLimits.windowMax))
    }
}
