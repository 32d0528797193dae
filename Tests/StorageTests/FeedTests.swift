import Storage
import TestSupport
import Testing
import Uploads

/// What is told to those who watch.
@Suite struct FeedTests {
    private static func events() -> EventsConfiguration {
        var events = EventsConfiguration()
        events.targets = [EventTarget(name: "a")]
        return events
    }

    private func told(_ fixture: StoreFixture, after number: Int64) throws -> [String] {
        let items = try #require(fixture.store.feed.items(after: number, limit: 100_000))
        return items.map { "\($0.kind.word) \($0.upload.id.low)" }
    }

    /// What the catalogue's triggers have written into the outbox.
    private func recorded(_ fixture: StoreFixture) async throws -> [String] {
        let outbox = try #require(fixture.store.outbox)
        let events = try await outbox.events(for: outbox.targets[0].id, after: 0, upTo: .max, limit: 100_000)
        return events.map { "\($0.kind.word) \($0.upload.low)" }
    }

    /// Two ways to the same words: the database's triggers, and a comparison of records in memory.
    @Test(arguments: [1, 2] as [UInt64], [Durability.process, .power])
    func `who watches is told what the outbox has, in its order`(seed: UInt64, durability: Durability) async throws {
        let fixture = try StoreFixture(durability: durability, events: FeedTests.events())
        let start = fixture.store.feed.enter()
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            let number = UInt64.random(in: 0..<8, using: &generator)
            try await step(number, fixture, Int.random(in: 0..<7, using: &generator))
        }
        #expect(try await eventually { try await recorded(fixture) == told(fixture, after: start) })
        let kinds = Set(try told(fixture, after: start).map { $0.prefix { $0 != " " } })
        #expect(kinds == ["created", "finished", "deleted", "expired", "failed"], "the seed brings all of them")
    }

    private func step(_ number: UInt64, _ fixture: StoreFixture, _ kind: Int) async throws {
        let upload = Upload.sample(number)
        var claim = try await fixture.claim(upload.id)
        let state = claim.upload?.state
        switch kind {
        case 0 where claim.upload != nil: return try await claim.delete()
        case 1 where state == .open: return try await claim.expire()
        case 2 where state == .open: return try await claim.invalidate()
        case 3 where state == nil:
            try await claim.create(Upload.sample(number, length: 100))
            var permit = try await claim.permit(at: .zero, announced: 100)
            await permit.appendWhole(100, of: upload.id)
            _ = try await permit.finish(length: 100)
            return
        default: break
        }
        if state == nil {
            try await claim.create(upload)
        } else if state != .open {
            try await claim.restart(upload)
        }
        let offset = claim.upload?.offset ?? .zero
        var permit = try await claim.permit(at: offset)
        await permit.append(70_000, of: upload.id)
        if kind < 5 {
            _ = try await permit.settle()
        } else {
            _ = try await permit.finish(length: offset.bytes + 70_000)
        }
    }

    @Test func `nothing is kept before somebody watches, and each goes on where they were`() async throws {
        let fixture = try StoreFixture()
        let feed = fixture.store.feed
        try await fixture.finish(Upload.sample(1), bytes: 10)
        let start = feed.enter()
        #expect(try told(fixture, after: start) == [])
        #expect(feed.items(after: start - 1, limit: 10) == nil, "what was before is missed, not forgotten")
        try await fixture.finish(Upload.sample(2), bytes: 10)
        #expect(await eventually { feed.items(after: start, limit: 10)?.count == 2 })
        #expect(feed.items(after: start, limit: 1)?.map(\.number) == [start + 1])
        #expect(feed.items(after: start + 1, limit: 10)?.map(\.kind) == [.finished])
        feed.leave()
        try await fixture.finish(Upload.sample(3), bytes: 10)
        #expect(await eventually { feed.items(after: start, limit: 10)?.count == 4 }, "it may come back")
        #expect(feed.items(after: start + 100, limit: 10) == nil, "of another process, or made up")
    }

    @Test func `who is far behind is told that something is missing, and memory is bounded`() async throws {
        let fixture = try StoreFixture()
        let start = fixture.store.feed.enter()
        try await withThrowingTaskGroup { group in
            for number in UInt64(1)...2500 { group.addTask { try await fixture.finishSmall(number) } }
            try await group.waitForAll()
        }
        let feed = fixture.store.feed
        #expect(await eventually { feed.items(after: start + 5000, limit: 1)?.isEmpty == true })
        #expect(feed.items(after: start, limit: 1) == nil)
        let kept = (start...start + 5000).filter { feed.items(after: $0, limit: 1) != nil }
        #expect((2048...4097).contains(kept.count))
    }
}
