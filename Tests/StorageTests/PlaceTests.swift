import Foundation
import TestSupport
import Testing
import Uploads

@testable import Storage

/// Files that are brought to a place before anybody is told that they are finished.
@Suite struct PlaceTests {
    private static let webhook = EventTarget(name: "a")
    private static let object = StoredPlace.object(bucket: "b", key: "k")

    private static func events(
        _ targets: [EventTarget] = [webhook, .place], most: Int = 1_000_000
    ) -> EventsConfiguration {
        var events = EventsConfiguration()
        events.targets = targets
        events.eventsMax = most
        events.whenFull = .dropOldest
        return events
    }

    /// Everything that waits for a target, once what was committed may be told.
    private func waiting(_ fixture: StoreFixture, _ target: EventTarget) async throws -> [UploadEvent] {
        let outbox = try #require(fixture.store.outbox)
        let path = fixture.path
        let last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'"
        #expect(try await eventually { try outbox.latest == Catalogue.integer(at: path, last) })
        let queue = try #require(outbox.targets.first { $0.target == target })
        return try await outbox.events(for: queue.id, after: 0, upTo: .max, limit: 10_000)
    }

    private func finished(_ fixture: StoreFixture) async throws -> [UploadEvent] {
        try await waiting(fixture, Self.webhook).filter { $0.kind == .finished }
    }

    private func leaving(_ fixture: StoreFixture) async throws -> UploadEvent {
        try #require(try await waiting(fixture, .place).first { $0.stage == .leaving })
    }

    private func told(_ fixture: StoreFixture, _ event: UploadEvent) throws {
        let outbox = try #require(fixture.store.outbox)
        let queue = try #require(outbox.targets.first { $0.target == .place })
        outbox.told(queue.id, event.sequence)
        outbox.record()
    }

    /// The store's clock stands, the file system's does not: a file as old as it would be.
    private func age(_ id: UploadID, _ fixture: StoreFixture) async throws {
        let finished = try #require(try await fixture.store.snapshot(of: id)?.finished)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(finished.finishedNanoseconds) / 1e9)],
            ofItemAtPath: "\(fixture.path)/complete/\(id)/\(finished.name)")
    }

    @Test(arguments: [1000, 100_000])
    func `others are told once the file stands in its place, and only then it goes here`(bytes: Int) async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1, length: Int64(bytes))
        if bytes == 1000 { try await fixture.finishSmall(1) } else { try await fixture.finish(upload, bytes: bytes) }
        let event = try await leaving(fixture)
        #expect(try await finished(fixture).isEmpty)
        #expect(try await fixture.store.isLeaving(event))
        let outbox = try #require(fixture.store.outbox)
        #expect(await outbox.place(event, at: Self.object) == .recorded)
        let told = try #require(try await finished(fixture).first)
        #expect(told.place == Self.object && told.upload == upload.id && told.sequence > event.sequence)
        #expect(try await waiting(fixture, .place).map(\.stage) == [.placed])
        #expect(try await fixture.store.openFinished(upload.id) != nil)
        try await age(upload.id, fixture)
        #expect(try await fixture.store.removePlaced(event))
        #expect(try await fixture.store.openFinished(upload.id) == nil)
        try self.told(fixture, event)
        let path = fixture.path
        #expect(
            try await eventually {
                try Catalogue.integer(at: path, "SELECT count(*) FROM events WHERE sequence = \(event.sequence)") == 0
            })
    }

    @Test func `where a file is on its way, and where it is then, is told until its record goes`() async throws {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory, events: Self.events())
        let upload = Upload.sample(1, length: 100_000)
        try await fixture.create(.sample(2), bytes: 10)
        try await fixture.finish(upload, bytes: 100_000)
        let event = try await leaving(fixture)
        #expect(try await delivery(of: upload.id, fixture) == .waiting(milliseconds: event.milliseconds))
        #expect(try await delivery(of: Upload.sample(2).id, fixture) == nil)
        #expect(await fixture.store.outbox?.place(event, at: Self.object) == .recorded)
        guard case .placed(Self.object, let since) = try await delivery(of: upload.id, fixture) else {
            Issue.record("it is in its place")
            return
        }
        #expect(since >= event.milliseconds)
        let listed = try await fixture.store.list(UploadFilter(), limit: 10)
        #expect(listed.deliveries == [upload.id: .placed(Self.object, milliseconds: since)])
        try told(fixture, event)
        fixture.store.close()
        // Nobody brings files any more, and nobody is told of anything.
        let after = try StoreFixture(in: directory, events: Self.events([]))
        #expect(try await delivery(of: upload.id, after) == .placed(Self.object, milliseconds: since))
        try await after.claim(upload.id).delete()
        let path = after.path
        #expect(try await eventually { try Catalogue.integer(at: path, "SELECT count(*) FROM placements") == 0 })
    }

    @Test func `a newer file of an upload is not where the one before was brought`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1)
        try await fixture.finish(upload, bytes: 1000)
        let event = try await leaving(fixture)
        #expect(await fixture.store.outbox?.place(event, at: Self.object) == .recorded)
        var claim = try await fixture.claim(upload.id)
        try await claim.restart(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(10, of: upload.id)
        _ = try await permit.finish(length: 10)
        let second = try #require(try await waiting(fixture, .place).last)
        #expect(try await delivery(of: upload.id, fixture) == .waiting(milliseconds: second.milliseconds))
        let next = StoredPlace.object(bucket: "b", key: "next")
        #expect(await fixture.store.outbox?.place(second, at: next) == .recorded)
        guard case .placed(next, _) = try await delivery(of: upload.id, fixture) else {
            Issue.record("the second one is where it was brought")
            return
        }
    }

    @Test func `a file that nobody can bring any more is told of as such`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        try await fixture.finish(.sample(1), bytes: 1000)
        let event = try await leaving(fixture)
        fixture.store.outbox?.abandon(event)
        try told(fixture, event)
        let id = event.upload
        #expect(
            try await eventually {
                if case .abandoned = try await delivery(of: id, fixture) { true } else { false }
            })
    }

    @Test func `a repair of a damaged catalogue keeps where files are that are not here any more`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1)
        try await fixture.finish(upload, bytes: 1000)
        let event = try await leaving(fixture)
        #expect(await fixture.store.outbox?.place(event, at: Self.object) == .recorded)
        fixture.store.close()
        let salvaged = "\(fixture.path)/salvaged.sqlite"
        do {
            let target = try SQLiteConnection(path: salvaged, writes: true)
            try CatalogueSchema.prepare(target, durability: .process)
            let rows = try CatalogueSalvage(from: "\(fixture.path)/catalogue.sqlite", to: target).run()
            #expect(rows == 1)
            let same = "SELECT count(*) FROM placements WHERE bucket = 'b' AND object_key = 'k'"
            #expect(try target.integer(same) == 1)
        }
    }

    @Test func `what is told of a file in its place says what the request said that made it whole`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1)
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        var claim = try await fixture.claim(upload.id)
        claim.trace = trace
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(1000, of: upload.id)
        _ = try await permit.finish(length: 1000)
        let event = try await leaving(fixture)
        #expect(event.trace == trace)
        #expect(await fixture.store.outbox?.place(event, at: Self.object) == .recorded)
        #expect(try await finished(fixture).map(\.trace) == [trace])
    }

    private func delivery(of id: UploadID, _ fixture: StoreFixture) async throws -> FileDelivery? {
        let upload = try #require(try await fixture.store.snapshot(of: id))
        return try await fixture.store.delivery(of: upload)
    }

    @Test func `a file that was touched before it was brought is the one that was brought`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1, length: 100_000)
        try await fixture.finish(upload, bytes: 100_000)
        let event = try await leaving(fixture)
        // As old as the file system's clock says: the store's is another one.
        let state = try await fixture.store.openFinished(upload.id)?.state
        #expect(state != nil)
        #expect(await fixture.store.outbox?.place(event, at: Self.object) == .recorded)
        #expect(try await fixture.store.removePlaced(event))
        #expect(try await fixture.store.openFinished(upload.id) != nil, "nobody knows what was brought")
        #expect(try await fixture.store.removePlaced(event, brought: state))
        #expect(try await fixture.store.openFinished(upload.id) == nil)
    }

    @Test(arguments: [false, true])
    func `what its owner has put in the place of a file that was brought stays`(isAsLong: Bool) async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1, length: 100_000)
        try await fixture.finish(upload, bytes: 100_000)
        let event = try await leaving(fixture)
        let outbox = try #require(fixture.store.outbox)
        #expect(await outbox.place(event, at: Self.object) == .recorded)
        let finished = try #require(try await fixture.store.snapshot(of: upload.id)?.finished)
        let path = "\(fixture.path)/complete/\(upload.id)/\(finished.name)"
        let content = Data(repeating: 7, count: isAsLong ? 100_000 : 53)
        try content.write(to: URL(fileURLWithPath: path), options: .atomic)
        // What is written to in the first seconds alone may pass for what was delivered.
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: 60)], ofItemAtPath: path)
        #expect(try await fixture.store.removePlaced(event))
        #expect(FileManager.default.contents(atPath: path) == content)
    }

    @Test func `a crash after that brings back what is left to be done, and nobody is told twice`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        try await fixture.finishSmall(1)
        let event = try await leaving(fixture)
        #expect(await fixture.store.outbox?.place(event, at: Self.object) == .recorded)
        let crashed = try fixture.crashed(events: Self.events())
        let left = try await waiting(crashed, .place)
        #expect(left.map(\.stage) == [.placed] && left.first?.sequence == event.sequence)
        #expect(try await finished(crashed).count == 1)
    }

    @Test func `of an upload that was deleted meanwhile nobody is told`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        try await fixture.finish(Upload.sample(1), bytes: 100_000)
        let event = try await leaving(fixture)
        try await fixture.claim(event.upload).delete()
        #expect(try await !fixture.store.isLeaving(event))
        #expect(await fixture.store.outbox?.place(event, at: Self.object) == .superseded)
        #expect(try await waiting(fixture, Self.webhook).map(\.kind) == [.created, .deleted])
        guard case .superseded = try await fixture.store.leaving(event) else {
            Issue.record("there is nothing to bring")
            return
        }
    }

    @Test func `a file that has taken the place of another is not taken for it`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1)
        try await fixture.finish(upload, bytes: 100_000)
        let first = try await leaving(fixture)
        var claim = try await fixture.claim(upload.id)
        try await claim.restart(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(10, of: upload.id)
        _ = try await permit.finish(length: 10)
        #expect(try await !fixture.store.isLeaving(first))
        #expect(await fixture.store.outbox?.place(first, at: Self.object) == .superseded)
        #expect(try await fixture.store.removePlaced(first))
        #expect(try await fixture.store.openFinished(upload.id) != nil, "it is the second one's")
        try told(fixture, first)
        let second = try #require(try await waiting(fixture, .place).last)
        #expect(await fixture.store.outbox?.place(second, at: Self.object) == .recorded)
        #expect(try await finished(fixture).count == 1)
    }

    @Test func `when too many events wait, files on their way are none of those that are dropped`() async throws {
        let fixture = try StoreFixture(events: Self.events(most: 32))
        for number in UInt64(1)...60 { try await fixture.finishSmall(number) }
        let outbox = try #require(fixture.store.outbox)
        #expect(try await waiting(fixture, .place).count == 60)
        #expect(outbox.droppedCount > 25 && outbox.firstKept > 1)
        let first = try await leaving(fixture)
        #expect(first.sequence < outbox.firstKept)
        #expect(await outbox.place(first, at: Self.object) == .recorded)
        try told(fixture, first)
        let path = fixture.path
        #expect(
            try await eventually {
                try Catalogue.integer(at: path, "SELECT count(*) FROM events WHERE kind >= 32") == 59
            })
    }

    @Test func `and where they are too many themselves, no upload begins until some are there`() async throws {
        let fixture = try StoreFixture(events: Self.events([.place], most: 10))
        for number in UInt64(1)...20 { try await fixture.finishSmall(number) }
        let all = try await waiting(fixture, .place)
        #expect(await eventually { fixture.events.contains(.eventsFull(count: 20)) })
        await #expect(throws: StorageError.eventsFull) { try await fixture.create(.sample(21), bytes: 10) }
        for event in all { try told(fixture, event) }
        #expect(
            await eventually { fixture.events.contains { if case .eventsTaken = $0 { true } else { false } } })
        try await fixture.create(.sample(21), bytes: 10)
    }

    @Test func `without a place any more files stay, and others are told of them`() async throws {
        let directory = try TemporaryDirectory()
        let before = try StoreFixture(in: directory, events: Self.events())
        try await before.finish(Upload.sample(1), bytes: 100_000)
        #expect(try await finished(before).isEmpty)
        before.store.close()
        let after = try StoreFixture(in: directory, events: Self.events([Self.webhook]))
        let told = try #require(try await finished(after).first)
        #expect(told.place == nil && told.upload == Upload.sample(1).id)
        after.store.close()
        let again = try StoreFixture(in: directory, events: Self.events())
        #expect(try await waiting(again, .place).isEmpty)
    }

    @Test func `a target does not take the place's queue, nor the place a target's`() async throws {
        let directory = try TemporaryDirectory()
        let before = try StoreFixture(in: directory, events: Self.events([.place]))
        try await before.finishSmall(1)
        before.store.close()
        let after = try StoreFixture(in: directory, events: Self.events([Self.webhook]))
        #expect(try await waiting(after, Self.webhook).map(\.kind) == [.finished])
        after.store.close()
        let again = try StoreFixture(in: directory, events: Self.events([.place]))
        #expect(try await waiting(again, .place).isEmpty)
    }
}
