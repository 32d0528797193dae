import Testing
import Uploads

@testable import Events
@testable import Storage

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
    func overdue(before milliseconds: Int64) -> [Int64] { queue.overdue(before: milliseconds).map(\.sequence) }
    func add(_ events: [UploadEvent]) { queue.add(events) }
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
        #expect(queue.begin(now: 0)?.sequence == 3)
        #expect(queue.begin(now: 0) == nil)
        queue.end(first, .taken, now: 0)
        #expect(queue.begin(now: 0)?.sequence == 2)
        #expect(queue.begin(now: 0) == nil && queue.nextNanoseconds() == nil)
    }

    @Test func `what is asked for again is tried at once, though its target was away, and ages from then`()
        throws
    {
        let queue = queue([event(1, of: 1)])
        let away = DeliveryQueue.Outcome.unreachable(retryNanoseconds: nil)
        for _ in 1...5 {
            let now = queue.nextNanoseconds() ?? 0
            queue.end(try #require(queue.begin(now: now)), away, now: now)
        }
        #expect(queue.begin(now: 16 * Self.second) == nil, "it is asked for seldom by now")
        var again = event(9, of: 2, at: 10)
        again.againMilliseconds = 5000
        queue.add([again])
        #expect(queue.overdue(before: 5000) == [1] && queue.overdue(before: 5001) == [1, 9])
        #expect(queue.begin(now: 16 * Self.second)?.sequence == 9)
        #expect(queue.begin(now: 16 * Self.second) == nil, "one at a time finds out")
    }

    @Test func `what is behind a refused event of its upload waits with it, and others do not`() throws {
        let queue = queue([event(1, of: 1), event(2, of: 1), event(3, of: 2)])
        queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
        #expect(queue.begin(now: 0)?.sequence == 3)
        #expect(queue.begin(now: 0) == nil && queue.nextNanoseconds() == Self.second)
        #expect(queue.begin(now: Self.second)?.sequence == 1)
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
        #expect(second.sequence == Int64(EventsLimits.requestsMax) + 2, "those that were never tried are first")
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

    @Test func `a target that refuses one event after another is told of all others`() throws {
        let queue = queue((1...200).map { event($0, of: UInt64($0)) })
        for sequence in Int64(1)...200 {
            let attempt = try #require(queue.begin(now: 0))
            #expect(attempt.sequence == sequence)
            queue.end(attempt, sequence < 200 ? .refused : .taken, now: 0)
        }
        #expect(!queue.isTroubled && queue.count == 199 && queue.nextNanoseconds() == Self.second)
    }

    @Test func `what was never tried is told before what is tried again`() throws {
        let queue = queue([event(1, of: 1)])
        queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
        queue.add([event(2, of: 2), event(3, of: 3)])
        let attempts = (1...3).compactMap { _ in queue.begin(now: 5 * Self.second) }
        #expect(attempts.map(\.sequence) == [2, 3, 1] && attempts.map(\.earlier) == [0, 0, 1])
    }

    @Test func `what is tried again comes in the order in which its time has come`() throws {
        let queue = queue((1...3).map { event($0, of: UInt64($0)) })
        let attempts = (1...3).compactMap { _ in queue.begin(now: 0) }
        for (attempt, now) in zip(attempts, [Int64(30), 10, 20]) { queue.end(attempt, .refused, now: now) }
        #expect((1...3).compactMap { _ in queue.begin(now: 2 * Self.second)?.sequence } == [2, 3, 1])
    }

    @Test func `one event that gets no answer does not stand in front of the others after the pause`() throws {
        let queue = queue((1...3).map { event($0, of: UInt64($0)) })
        queue.end(try #require(queue.begin(now: 0)), .unreachable(retryNanoseconds: nil), now: 0)
        let probe = try #require(queue.begin(now: Self.second))
        #expect(probe.sequence == 2 && queue.begin(now: Self.second) == nil)
        queue.end(probe, .taken, now: Self.second)
        #expect(!queue.isTroubled && queue.begin(now: Self.second)?.sequence == 3)
    }

    @Test func `a refusal is an answer, and ends the pause`() throws {
        let queue = queue((1...3).map { event($0, of: UInt64($0)) })
        queue.end(try #require(queue.begin(now: 0)), .unreachable(retryNanoseconds: nil), now: 0)
        queue.end(try #require(queue.begin(now: Self.second)), .refused, now: Self.second)
        #expect(!queue.isTroubled && queue.begin(now: Self.second)?.sequence == 3)
    }

    @Test func `of what waits behind a failure only notes are kept, and others have its room`() throws {
        let queue = queue((1...Int64(EventsLimits.windowMax)).map { event($0, of: UInt64($0 + 1) / 2) })
        #expect(queue.room == 0 && !queue.isLow)
        while let attempt = queue.begin(now: 0) {
            #expect(attempt.event?.sequence == attempt.sequence)
            queue.end(attempt, .refused, now: 0)
        }
        #expect(queue.room == EventsLimits.windowMax && queue.isLow && queue.count == EventsLimits.windowMax)
        // What comes later of such an upload is a note as well.
        queue.add([event(2000, of: 1)])
        #expect(queue.room == EventsLimits.windowMax)
        let again = try #require(queue.begin(now: Self.second))
        #expect(again.sequence == 1 && again.event == nil)
        queue.end(again, .taken, now: Self.second)
        let next = try #require(queue.begin(now: Self.second))
        #expect(next.sequence == 2 && next.event == nil, "in order for each upload")
    }

    @Test func `notes are kept up to a bound`() throws {
        let queue = queue((1...Int64(EventsLimits.notesMax) - 1).map { event($0, of: UInt64($0)) })
        while let attempt = queue.begin(now: 0) { queue.end(attempt, .refused, now: 0) }
        #expect(queue.isLow && queue.room == 1)
        queue.add([event(Int64(EventsLimits.notesMax), of: 0)])
        #expect(!queue.isLow && queue.room == 0)
    }

    @Test func `one upload with many events leaves room to the others`() throws {
        let queue = queue((1...Int64(EventsLimits.windowMax)).map { event($0, of: 1) })
        #expect(queue.isLow && queue.room == EventsLimits.windowMax - EventsLimits.heldOfUploadMax)
        for sequence in 1...Int64(EventsLimits.windowMax) {
            let attempt = try #require(queue.begin(now: 0))
            #expect(attempt.sequence == sequence)
            queue.end(attempt, .taken, now: 0)
        }
        #expect(queue.count == 0 && queue.oldestMilliseconds == nil)
    }

    @Test func `the oldest event is known however many came and went behind it`() throws {
        let queue = queue([event(1, of: 1, at: 7)])
        queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
        for sequence in Int64(2)...10_000 {
            queue.add([event(sequence, of: UInt64(sequence), at: sequence + 10)])
            queue.end(try #require(queue.begin(now: 0)), .taken, now: 0)
        }
        #expect(queue.count == 1 && queue.oldestMilliseconds == 7)
        queue.add([event(10_001, of: 2, at: 8)])
        queue.giveUp(1)
        #expect(queue.oldestMilliseconds == 8 && queue.nextNanoseconds() == 0)
    }

    @Test func `an event that this server cannot tell yet is no failure of the target`() throws {
        let queue = queue([event(1, of: 1), event(2, of: 2)])
        let attempt = try #require(queue.begin(now: 0))
        queue.end(attempt, .unready, now: 0)
        #expect(!queue.isTroubled && queue.overdue(before: .max).isEmpty)
        #expect(queue.begin(now: 0)?.sequence == 2 && queue.begin(now: Self.second)?.sequence == 1)
    }

    @Test func `what cannot be tried is given up at its time`() throws {
        let queue = queue([event(1, of: 1, at: 10), event(2, of: 2, at: 10), event(3, of: 3, at: 30)])
        queue.end(try #require(queue.begin(now: 0)), .refused, now: 0)
        #expect(queue.overdue(before: 20).isEmpty, "somebody answers: each is tried at its time")
        queue.end(try #require(queue.begin(now: 0)), .unreachable(retryNanoseconds: nil), now: 0)
        #expect(queue.overdue(before: 20) == [1, 2] && queue.overdue(before: 10).isEmpty)
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
        #expect(queue.count == 1 && queue.begin(now: 0)?.sequence == 4)
    }

    @Test func `the window is filled again when it is half empty`() throws {
        let queue = queue((1...Int64(EventsLimits.windowMax)).map { event($0, of: UInt64($0)) })
        #expect(queue.room == 0 && !queue.isLow)
        for _ in 1...EventsLimits.windowLow { queue.end(try #require(queue.begin(now: 0)), .taken, now: 0) }
        #expect(queue.isLow && queue.room == EventsLimits.windowMax - EventsLimits.windowLow)
        #expect(queue.lastSequence == Int64(EventsLimits.windowMax))
    }
}
