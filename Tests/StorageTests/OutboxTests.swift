import Foundation
import Storage
import TestSupport
import Testing
import Uploads

/// The events that are written with what makes them true.
@Suite struct OutboxTests {
    private typealias Kind = UploadEvent.Kind

    private static func events(
        _ targets: [EventTarget] = [EventTarget(name: "a")], most: Int = 1_000_000,
        whenFull: EventsConfiguration.WhenFull = .refuse
    ) -> EventsConfiguration {
        var events = EventsConfiguration()
        events.targets = targets
        events.eventsMax = most
        events.whenFull = whenFull
        return events
    }

    /// Waits until what is committed may be told, which is a moment after its clients were answered.
    private func settle(_ fixture: StoreFixture) async throws {
        let outbox = try #require(fixture.store.outbox)
        let last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'"
        let path = fixture.path
        #expect(try await eventually { try outbox.latest == Catalogue.integer(at: path, last) })
    }

    /// Everything that waits for a target.
    private func waiting(_ fixture: StoreFixture, _ target: Int = 0) async throws -> [UploadEvent] {
        let outbox = try #require(fixture.store.outbox)
        try await settle(fixture)
        return try await outbox.events(for: outbox.targets[target].id, after: 0, upTo: .max, limit: 10_000)
    }

    private func kinds(_ fixture: StoreFixture, of upload: UploadID) async throws -> [Kind] {
        try await waiting(fixture).filter { $0.upload == upload }.map(\.kind)
    }

    @Test func `each end of an upload is an event, behind that of its beginning`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let (large, small) = (Upload.sample(1), Upload.sample(2, length: 1000))
        try await fixture.finish(large, bytes: 100_000)
        try await fixture.finishSmall(2)
        for number in UInt64(3)...5 { try await fixture.create(Upload.sample(number), bytes: 10) }
        try await fixture.claim(Upload.sample(3).id).delete()
        try await fixture.claim(Upload.sample(4).id).expire()
        try await fixture.claim(Upload.sample(5).id).invalidate()
        #expect(try await kinds(fixture, of: large.id) == [.created, .finished])
        #expect(try await kinds(fixture, of: small.id) == [.created, .finished])
        #expect(try await kinds(fixture, of: Upload.sample(3).id) == [.created, .deleted])
        #expect(try await kinds(fixture, of: Upload.sample(4).id) == [.created, .expired])
        #expect(try await kinds(fixture, of: Upload.sample(5).id) == [.created, .failed])
        try await fixture.claim(large.id).delete()
        try await fixture.claim(Upload.sample(4).id).delete()
        #expect(try await kinds(fixture, of: large.id) == [.created, .finished, .deleted])
        #expect(try await kinds(fixture, of: Upload.sample(4).id) == [.created, .expired], "it had ended already")
        let sequences = try await waiting(fixture).map(\.sequence)
        #expect(sequences == sequences.sorted() && Set(sequences).count == sequences.count)
    }

    @Test func `an event has what the record said at that moment`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        var upload = Upload.sample(1, .tus, length: 5000, name: "a \"b\".bin")
        upload.contentType = "text/plain"
        upload.metadata = "filename YQ==,k dg=="
        var claim = try await fixture.store.claim(upload.id, for: Owner("alice"), onFence: {})
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(5000, of: upload.id)
        _ = try await permit.finish(length: 5000)
        let told = try await waiting(fixture)
        let finished = try #require(told.last)
        #expect(told.count == 2 && told.first?.offset == 0 && told.first?.hasFile == false)
        #expect(finished.upload == upload.id && finished.owner == Owner("alice") && finished.dialect == .tus)
        #expect(finished.name == upload.name && finished.contentType == "text/plain" && finished.hasFile)
        #expect(finished.metadata == upload.metadata && finished.length == 5000 && finished.offset == 5000)
        #expect(finished.createdSeconds == 1_700_000_000)
        let age = Date().timeIntervalSince1970 - Double(finished.milliseconds) / 1000
        #expect((-5...60).contains(age))
    }

    @Test func `a file that is replaced is told of anew, and one whose replacement expires is not`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1)
        try await fixture.finish(upload, bytes: 1000)
        for finishes in [true, false] {
            var claim = try await fixture.claim(upload.id)
            try await claim.restart(upload)
            var permit = try await claim.permit(at: .zero)
            await permit.append(10, of: upload.id)
            if finishes { _ = try await permit.finish(length: 10) } else { _ = try await permit.settle() }
        }
        try await fixture.claim(upload.id).expire()
        #expect(
            try await kinds(fixture, of: upload.id)
                == [.created, .finished, .created, .finished, .created, .expired])
    }

    @Test func `an unfinished upload that begins anew is told of, and one that goes on is not`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = Upload.sample(1)
        try await fixture.create(upload, bytes: 1000)
        var permit = try await fixture.claim(upload.id).permit(at: Offset(1000))
        await permit.append(10, of: upload.id)
        _ = try await permit.settle()
        try await fixture.claim(upload.id).renew()
        #expect(try await kinds(fixture, of: upload.id) == [.created])
        var claim = try await fixture.claim(upload.id)
        try await claim.restart(upload)
        _ = consume claim
        #expect(try await kinds(fixture, of: upload.id) == [.created, .created])
    }

    @Test func `a target gets the kinds that it wants, and an event that nobody wants is not written`() async throws {
        let targets = [
            EventTarget(name: "a", kinds: [.finished]), EventTarget(name: "b", kinds: [.finished, .deleted]),
        ]
        let fixture = try StoreFixture(events: Self.events(targets))
        try await fixture.finish(.sample(1), bytes: 10)
        try await fixture.claim(Upload.sample(1).id).delete()
        #expect(try await waiting(fixture, 0).map(\.kind) == [.finished])
        #expect(try await waiting(fixture, 1).map(\.kind) == [.finished, .deleted])
        let outbox = try #require(fixture.store.outbox)
        #expect(outbox.targets.map { outbox.pending($0.id) } == [1, 2] && outbox.count == 2)
    }

    @Test func `without a target nothing is written`() async throws {
        let fixture = try StoreFixture()
        try await fixture.finish(.sample(1), bytes: 10)
        #expect(fixture.store.outbox == nil)
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'event%'"
        #expect(try Catalogue.integer(at: fixture.path, tables) == 0)
    }

    @Test func `when the last target goes, writing events ends with it, and what waited is told of as lost`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let before = try StoreFixture(in: directory, events: Self.events())
        try await before.finish(.sample(1), bytes: 10)
        before.store.close()
        let after = try StoreFixture(in: directory)
        try await after.finish(.sample(2), bytes: 10)
        #expect(after.events.contains(.eventsDropped(count: 2)))
        #expect(try Catalogue.integer(at: after.path, "SELECT count(*) FROM events") == 0)
        #expect(try Catalogue.integer(at: after.path, "SELECT count(*) FROM event_targets") == 0)
    }

    @Test func `what was told is gone after a restart, and what was not comes with the same number`() async throws {
        let directory = try TemporaryDirectory()
        let before = try StoreFixture(in: directory, events: Self.events())
        for number in UInt64(1)...3 { try await before.finish(.sample(number), bytes: 10) }
        let outbox = try #require(before.store.outbox)
        let all = try await waiting(before)
        for event in all.prefix(4) { outbox.told(outbox.targets[0].id, event.sequence) }
        before.store.close()
        let after = try StoreFixture(in: directory, events: Self.events())
        #expect(try await waiting(after) == Array(all.dropFirst(4)))
        #expect(after.store.outbox?.source == outbox.source && outbox.source.utf8.count == 16)
        #expect(after.store.outbox?.count == 2)
        try await after.finish(.sample(9), bytes: 10)
        #expect(try await waiting(after).dropFirst(2).allSatisfy { $0.sequence > all.last!.sequence })
        #expect(after.store.outbox?.count == 4)
    }

    @Test func `what was told is recorded although nothing else happens`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        try await fixture.finish(.sample(1), bytes: 10)
        let outbox = try #require(fixture.store.outbox)
        for event in try await waiting(fixture) { outbox.told(outbox.targets[0].id, event.sequence) }
        outbox.record()
        let path = fixture.path
        #expect(try await eventually { try Catalogue.integer(at: path, "SELECT count(*) FROM events") == 0 })
        #expect(await eventually { outbox.count == 0 })
        #expect(outbox.pending(outbox.targets[0].id) == 0)
    }

    @Test func `a target whose address is corrected keeps its queue, and another's goes with it`() async throws {
        let directory = try TemporaryDirectory()
        let two = [EventTarget(name: "a"), EventTarget(name: "b", kinds: [.finished])]
        let before = try StoreFixture(in: directory, events: Self.events(two))
        try await before.finish(.sample(1), bytes: 10)
        before.store.close()
        let corrected = try StoreFixture(
            in: directory, events: Self.events([EventTarget(name: "b"), EventTarget(name: "A")]))
        #expect(try await waiting(corrected, 0).map(\.kind) == [.finished])
        #expect(try await waiting(corrected, 1).map(\.kind) == [.created, .finished])
        corrected.store.close()
        let one = try StoreFixture(in: directory, events: Self.events([EventTarget(name: "b")]))
        #expect(try await waiting(one).map(\.kind) == [.finished])
        #expect(one.events.contains(.eventsDropped(count: 1)))
    }

    @Test func `a target that has ended gets nothing more, and its queue goes`() async throws {
        let fixture = try StoreFixture(events: Self.events([EventTarget(name: "a"), EventTarget(name: "b")]))
        try await fixture.finish(.sample(1), bytes: 10)
        let outbox = try #require(fixture.store.outbox)
        outbox.end(outbox.targets[0].id)
        #expect(await eventually { outbox.pending(outbox.targets[0].id) == 0 })
        try await fixture.finish(.sample(2), bytes: 10)
        #expect(try await waiting(fixture, 0).isEmpty)
        #expect(try await waiting(fixture, 1).count == 4 && outbox.count == 4)
    }

    @Test func `when as many events wait as may, no upload begins, and what has begun is finished`() async throws {
        let fixture = try StoreFixture(events: Self.events(most: 4))
        try await fixture.create(.sample(1), bytes: 10)
        try await fixture.finish(.sample(2), bytes: 10)
        try await fixture.create(.sample(3), bytes: 10)
        try await settle(fixture)
        #expect(await eventually { fixture.events.contains(.eventsFull(count: 4)) })
        var claim = try await fixture.claim(Upload.sample(4).id)
        await #expect(throws: StorageError.eventsFull) { try await claim.create(.sample(4)) }
        _ = consume claim
        var permit = try await fixture.claim(Upload.sample(1).id).permit(at: Offset(10))
        await permit.append(10, of: Upload.sample(1).id)
        #expect(try await permit.finish(length: 20).state == .finished)
        let outbox = try #require(fixture.store.outbox)
        for event in try await waiting(fixture) { outbox.told(outbox.targets[0].id, event.sequence) }
        outbox.record()
        #expect(await eventually { fixture.events.contains(.eventsTaken(count: 0)) })
        try await fixture.create(.sample(4), bytes: 10)
    }

    @Test func `or the oldest are dropped, which is told`() async throws {
        let fixture = try StoreFixture(events: Self.events(most: 32, whenFull: .dropOldest))
        for number in UInt64(1)...40 { try await fixture.create(.sample(number), bytes: 10) }
        let outbox = try #require(fixture.store.outbox)
        let kept = try await waiting(fixture)
        #expect(kept.count <= 34 && kept.last?.upload == Upload.sample(40).id)
        #expect(kept.first!.sequence >= outbox.firstKept && outbox.firstKept > 1)
        #expect(outbox.droppedCount == 40 - Int64(kept.count))
        #expect(outbox.pending(outbox.targets[0].id) == kept.count)
        #expect(fixture.events.contains { if case .eventsFilling(_, most: 32) = $0 { true } else { false } })
        #expect(fixture.events.contains { if case .eventsDropped = $0 { true } else { false } })
    }

    @Test func `a small file that a crash kept from its name has it before anybody is told`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = try await fixture.finishSmall(1)
        let crashed = try fixture.crashed(events: Self.events()) { path in
            try FileManager.default.moveItem(
                atPath: "\(path)/complete/\(upload.id)/file.bin", toPath: "\(path)/uploads/\(upload.id)")
        }
        let event = try #require(try await waiting(crashed).last)
        #expect(event.kind == .finished)
        #expect(try await crashed.store.settled(event) == event)
        #expect(crashed.contents(crashed.finishedPath(upload.id, "file.bin")) == Pattern.bytes(upload.id, 1000))
    }

    @Test func `and where that name is somebody else's by now, it is told under the one that it gets`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        let upload = try await fixture.finishSmall(1)
        let crashed = try fixture.crashed(events: Self.events()) { path in
            let place = "\(path)/complete/\(upload.id)/file.bin"
            try FileManager.default.moveItem(atPath: place, toPath: "\(path)/uploads/\(upload.id)")
            try Data("theirs".utf8).write(to: URL(fileURLWithPath: place))
        }
        let event = try #require(try await waiting(crashed).last)
        let told = try #require(try await crashed.store.settled(event))
        #expect(told.name == CleanName("file (2).bin") && told.sequence == event.sequence)
        #expect(crashed.contents(crashed.finishedPath(upload.id, "file (2).bin")) == Pattern.bytes(upload.id, 1000))
    }

    @Test func `a crash leaves an event of each record, and no other`() async throws {
        let fixture = try StoreFixture(events: Self.events())
        for number in UInt64(1)...20 {
            try await fixture.finishSmall(number)
            try await fixture.create(.sample(100 + number), bytes: 10)
        }
        let crashed = try fixture.crashed(events: Self.events())
        let events = try await waiting(crashed)
        #expect(events.count { $0.kind == .finished } == 20 && events.count { $0.kind == .created } == 40)
    }

    @Test func `a check leaves the outbox as it is`() async throws {
        let directory = try TemporaryDirectory()
        let before = try StoreFixture(in: directory, events: Self.events())
        try await before.finish(.sample(1), bytes: 10)
        let events = try await waiting(before)
        before.store.close()
        for repairs in [false, true] {
            let check = StoreCheck(path: before.path, repairs: repairs) { Issue.record("\($0)") }
            #expect(try check.run().isSound)
        }
        let after = try StoreFixture(in: directory, events: Self.events())
        #expect(try await waiting(after) == events)
    }
}
