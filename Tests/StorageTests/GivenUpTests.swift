import Foundation
import TestSupport
import Testing
import Uploads

@testable import Storage

/// Events that were given up are kept, and told again to whom they were not told.
@Suite struct GivenUpTests {
    private static func events(_ names: [String] = ["a"]) -> EventsConfiguration {
        var events = EventsConfiguration()
        events.targets = names.map { EventTarget(name: $0) }
        return events
    }

    private func outbox(_ fixture: StoreFixture) throws -> EventOutbox { try #require(fixture.store.outbox) }

    /// What waits for a target, once what was committed may be told.
    private func waiting(_ fixture: StoreFixture, _ target: Int = 0) async throws -> [UploadEvent] {
        let (outbox, path) = (try outbox(fixture), fixture.path)
        let last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'"
        #expect(try await eventually { try outbox.latest == Catalogue.integer(at: path, last) })
        return try await outbox.events(for: outbox.targets[target].id, after: 0, upTo: .max, limit: 10_000)
    }

    /// Gives an event up for a target, and waits until that is recorded.
    private func giveUp(_ fixture: StoreFixture, _ event: UploadEvent, _ target: Int = 0) async throws {
        let (outbox, path) = (try outbox(fixture), fixture.path)
        let id = outbox.targets[target].id
        outbox.gaveUp(id, event.sequence, reason: "503 Service Unavailable")
        outbox.record()
        let left = "SELECT count(*) FROM event_queue WHERE target = \(id) AND sequence = \(event.sequence)"
        #expect(try await eventually { try Catalogue.integer(at: path, left) == 0 })
    }

    @Test func `what is given up is kept as it was, and is no event that waits`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        try await fixture.finish(.sample(1), bytes: 100)
        let (outbox, before) = (try outbox(fixture), try await waiting(fixture))
        for event in before { try await giveUp(fixture, event) }
        #expect(await eventually { outbox.count == 0 && outbox.givenUpCount == 2 })
        #expect(outbox.pending(outbox.targets[0].id) == 0)
        let kept = try await outbox.givenUp(after: 0, limit: 10)
        #expect(kept.map(\.event) == before)
        #expect(kept.allSatisfy { $0.target == outbox.targets[0].id && $0.reason == "503 Service Unavailable" })
        #expect(try await outbox.givenUp(after: kept[0].number, limit: 10).map(\.number) == [kept[1].number])
        let crashed = try fixture.crashed(events: Self.events())
        #expect(try self.outbox(crashed).givenUpCount == 2 && self.outbox(crashed).count == 0)
    }

    @Test func `told again it has its old name and its moment, and comes behind what waits`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        try await fixture.finish(.sample(1), bytes: 100)
        let (outbox, event) = (try outbox(fixture), try #require(try await waiting(fixture).first))
        try await giveUp(fixture, event)
        #expect(await outbox.tellAgain(event.called + 100) == 0, "there is none of this name")
        #expect(await outbox.tellAgain(event.called) == 1)
        let told = try await waiting(fixture)
        #expect(told.map(\.kind) == [.finished, .created])
        let again = try #require(told.last)
        #expect(again.called == event.sequence && again.sequence > event.sequence)
        #expect(again.milliseconds == event.milliseconds)
        #expect(try #require(again.againMilliseconds) >= event.milliseconds)
        #expect(again.waitingMilliseconds == again.againMilliseconds)
        #expect(await eventually { outbox.givenUpCount == 0 && outbox.count == 2 })
        #expect(await outbox.tellAgain(event.called) == 0, "it waits already")
        // And given up once more it is the same.
        try await giveUp(fixture, again)
        #expect(try await outbox.givenUp(after: 0, limit: 10).map(\.event.called) == [event.sequence])
        #expect(await outbox.tellAgain(nil) == 1)
        #expect(try await waiting(fixture).last?.called == event.sequence)
    }

    @Test func `only the target is told again that was not told`() async throws {
        let fixture = try StoreFixture(events: Self.events(["a", "b"]))
        try await fixture.create(.sample(1), bytes: 100)
        let (outbox, event) = (try outbox(fixture), try #require(try await waiting(fixture).first))
        outbox.told(outbox.targets[1].id, event.sequence)
        try await giveUp(fixture, event)
        #expect(await outbox.tellAgain(nil) == 1)
        #expect(try await waiting(fixture, 0).map(\.called) == [event.sequence])
        #expect(try await waiting(fixture, 1).isEmpty)
        #expect(await eventually { outbox.pending(outbox.targets[0].id) == 1 && outbox.count == 1 })
    }

    @Test func `one that several targets gave up is told again to each of them`() async throws {
        let fixture = try StoreFixture(events: Self.events(["a", "b"]))
        try await fixture.create(.sample(1), bytes: 100)
        let (outbox, event) = (try outbox(fixture), try #require(try await waiting(fixture).first))
        for target in 0...1 { try await giveUp(fixture, event, target) }
        #expect(await outbox.tellAgain(event.called) == 2)
        for target in 0...1 { #expect(try await waiting(fixture, target).map(\.called) == [event.sequence]) }
    }

    @Test func `a target that has ended is not told again, and what it was not told stays`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        try await fixture.create(.sample(1), bytes: 100)
        let (outbox, event) = (try outbox(fixture), try #require(try await waiting(fixture).first))
        try await giveUp(fixture, event)
        outbox.end(outbox.targets[0].id)
        #expect(await outbox.tellAgain(nil) == 0)
        #expect(outbox.givenUpCount == 1)
    }

    @Test func `what was given up goes with its target, and only the last of it are kept`() async throws {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory, events: Self.events())
        for number in UInt64(1)...3 { try await fixture.create(.sample(number), bytes: 1) }
        let events = try await waiting(fixture)
        for event in events.prefix(2) { try await giveUp(fixture, event) }
        fixture.store.close()
        let most = StorageLimits.eventsGivenUpMax
        let leap = "UPDATE sqlite_sequence SET seq = \(most) WHERE name = 'events_given_up'"
        try Catalogue.execute(at: fixture.path, leap)
        let again = try StoreFixture(in: directory, events: Self.events())
        try await giveUp(again, events[2])
        let kept = try await outbox(again).givenUp(after: 0, limit: 10)
        #expect(kept.map(\.event.called) == [events[1].called, events[2].called])
        again.store.close()
        let other = try StoreFixture(in: directory, events: Self.events(["b", "c"]))
        #expect(try outbox(other).givenUpCount == 2, "the address of a target was changed")
        other.store.close()
        let none = try StoreFixture(in: directory, events: Self.events([]))
        none.store.close()
        #expect(try Catalogue.integer(at: fixture.path, "SELECT count(*) FROM events_given_up") == 0)
    }

    @Test func `a store that closes tells nobody again, and says so`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let outbox = try outbox(fixture)
        fixture.store.close()
        #expect(await outbox.tellAgain(nil) == nil)
    }
}
