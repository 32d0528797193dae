import Foundation
import TestSupport
import Testing
import Uploads

@testable import Storage

/// Uploads that become files together or not at all, and what each crash on the way leaves of them.
@Suite(.timeLimit(.minutes(1))) struct UploadGroupTests {
    private static let lengths = [10_000, 0, 70_000, 1]

    private static func upload(_ number: Int) -> Upload { .sample(UInt64(number), .plain, name: "\(number).bin") }

    /// A group of uploads with so many bytes each.
    private static func group(on fixture: StoreFixture, _ lengths: [Int] = lengths) async throws -> UploadGroup {
        let group = UploadGroup()
        for (number, length) in lengths.enumerated() {
            let upload = upload(number)
            var claim = try fixture.store.claimNew(upload.id, onFence: {})
            try await claim.create(upload)
            var permit = try await claim.permit(at: .zero)
            await permit.append(length, of: upload.id)
            try group.add(try await permit.settleHeld())
        }
        return group
    }

    private static func finished(_ path: String) throws -> Int64 {
        try Catalogue.integer(at: path, "SELECT count(*) FROM uploads WHERE state = 1")
    }

    /// Everything that stands under `complete`, the places of uploads included.
    private static func delivered(_ path: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(path)/complete").sorted()
    }

    private static func expectAll(_ fixture: StoreFixture, _ lengths: [Int] = lengths) async throws {
        for (number, length) in lengths.enumerated() {
            let upload = upload(number)
            #expect(try await fixture.finishedFile(upload.id)?.length == Int64(length))
            #expect(
                fixture.contents(fixture.finishedPath(upload.id, "\(number).bin")) == Pattern.bytes(upload.id, length))
            #expect(!fixture.exists(fixture.dataPath(upload.id)))
        }
        #expect(try finished(fixture.path) == lengths.count)
        #expect(fixture.store.openUploads.count == 0)
    }

    @Test(arguments: [Durability.process, .power])
    func `all of them are files, recorded by one commit and released`(durability: Durability) async throws {
        let fixture = try StoreFixture(durability: durability)
        let group = try await Self.group(on: fixture)
        let commits = fixture.store.counters[.commits]
        let records = try await group.finish()
        #expect(fixture.store.counters[.commits] == commits + 1)
        #expect(records.map(\.name.description) == ["0.bin", "1.bin", "2.bin", "3.bin"])
        #expect(records.allSatisfy { $0.state == .finished } && group.count == 0)
        try await Self.expectAll(fixture)
        for record in records {
            #expect(try await fixture.store.snapshot(of: record.id) == record)
            #expect(!fixture.store.isHeld(record.id))
        }
        try await fixture.claim(records[0].id).delete()
        #expect(try await fixture.finishedFile(records[0].id) == nil)
    }

    @Test func `a crash before they are recorded leaves none, whichever have their places`() async throws {
        let fixture = try StoreFixture()
        let group = try await Self.group(on: fixture)
        for places in 0...Self.lengths.count {
            let crashed = try fixture.crashed { path in
                for number in 0..<places {
                    try FileManager.default.createDirectory(
                        atPath: "\(path)/complete/\(Self.upload(number).id)", withIntermediateDirectories: false)
                }
                try Data().write(to: URL(fileURLWithPath: "\(path)/uploads/\(Self.upload(1).id)"))
            }
            #expect(await eventually { crashed.store.openUploads.count == 0 })
            let path = crashed.path
            #expect(try await eventually { try Catalogue.integer(at: path, "SELECT count(*) FROM uploads") == 0 })
            #expect(try Self.delivered(crashed.path) == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(crashed.path)/uploads") == [])
        }
        _ = try await group.finish()
    }

    @Test(arguments: [Durability.process, .power], 0...4)
    func `a crash after that leaves all, however many have their names`(durability: Durability, named: Int) async throws
    {
        let fixture = try StoreFixture(durability: durability)
        _ = try await Self.group(on: fixture).finish()
        let crashed = try fixture.crashed(durability: durability) { path in
            for number in named..<Self.lengths.count {
                let id = Self.upload(number).id
                try FileManager.default.moveItem(
                    atPath: "\(path)/complete/\(id)/\(number).bin", toPath: "\(path)/uploads/\(id)")
            }
        }
        _ = await crashed.sweptFiles()
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(crashed.path)/uploads") == [])
        try await Self.expectAll(crashed)
    }

    @Test func `where one of them cannot be recorded none is, nor is one of them deleted alone`() async throws {
        let fixture = try StoreFixture()
        let group = try await Self.group(on: fixture)
        // Somebody else, on another machine, has taken one over meanwhile.
        let other = "UPDATE uploads SET epoch = 7 WHERE name = '2.bin'"
        try Catalogue.execute(at: fixture.path, other)
        await #expect(throws: StorageError.outdated(Self.upload(2).id)) { _ = try await group.finish() }
        #expect(try Self.finished(fixture.path) == 0)
        #expect(try Self.delivered(fixture.path).allSatisfy { !$0.hasSuffix(".bin") })
        #expect(group.count == 4 && fixture.store.isHeld(Self.upload(0).id), "they are held until they are deleted")
        await #expect(throws: StorageError.outdated(Self.upload(2).id)) { try await group.delete() }
        #expect(try Catalogue.integer(at: fixture.path, "SELECT count(*) FROM uploads WHERE cleanup = 0") == 4)
        #expect(!fixture.store.isHeld(Self.upload(0).id))
    }

    @Test func `where the bytes of one are gone none is finished, and all are deleted with one commit`() async throws {
        let fixture = try StoreFixture()
        let group = try await Self.group(on: fixture)
        let gone = Self.upload(2).id
        try FileManager.default.removeItem(atPath: fixture.dataPath(gone))
        await #expect(throws: StorageError.damaged(gone)) { _ = try await group.finish() }
        #expect(try Self.finished(fixture.path) == 0)
        try await group.delete()
        let path = fixture.path
        #expect(try await eventually { try Catalogue.integer(at: path, "SELECT count(*) FROM uploads") == 0 })
        #expect(try Self.delivered(path) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/uploads") == [])
    }

    @Test func `one whose name is somebody else's file's gets another one, and is recorded with that`() async throws {
        let fixture = try StoreFixture()
        let group = try await Self.group(on: fixture)
        let taken = fixture.finishedPath(Self.upload(2).id, "2.bin")
        try place([1, 2, 3], at: taken)
        let records = try await group.finish()
        #expect(records.map(\.name.description) == ["0.bin", "1.bin", "2 (2).bin", "3.bin"])
        #expect(fixture.contents(taken) == [1, 2, 3])
        #expect(try await fixture.finishedFile(records[2].id)?.length == 70_000)
    }

    @Test func `what is finished already, or has more bytes to come, is in no group`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(.sample(1, length: 20), bytes: 10)
        try await fixture.finish(.sample(2), bytes: 10)
        let group = UploadGroup()
        for number in UInt64(1)...2 {
            await #expect(throws: StorageError.self) {
                try group.add(try await fixture.claim(Upload.sample(number).id))
            }
            #expect(!fixture.store.isHeld(Upload.sample(number).id))
        }
        #expect(try await group.finish().isEmpty)
    }

    @Test func `a group is not divided among commits, however many come before it`() async {
        let most = StorageLimits.changesPerCommitMax
        func changes(_ count: Int, _ group: ChangeGroup?) -> [CatalogueChange] {
            (0..<count).map { number in
                let upload = Upload.sample(UInt64(number))
                return CatalogueChange(id: upload.id, content: .put(upload), syncs: [], done: nil, group: group)
            }
        }
        let failures = await withUnsafeContinuation { waiter in
            let group = ChangeGroup(count: 10, waiter)
            for before in [0, most - 10, most - 9, most - 1, most] {
                let all = changes(before, nil) + changes(10, group) + changes(most, nil)
                let expected = before == most ? most : max(most, before + 10)
                #expect(ChangeGroup.countAtOnce(all[...]) == expected)
            }
            #expect(ChangeGroup.countAtOnce(changes(most + 5, group)[...]) == most + 5)
            #expect(ChangeGroup.countAtOnce(changes(3, group)[...].dropFirst()) == 2)
            for number in UInt64(0)..<10 { group.answer(Upload.sample(number).id, number == 3 ? .closed : nil) }
        }
        #expect(failures == [Upload.sample(3).id: .closed], "whoever waits is told when all have been answered")
    }

    @Test func `its events are written with its records, and told when its files have their names`() async throws {
        var events = EventsConfiguration()
        events.targets = [EventTarget(name: "a")]
        let fixture = try StoreFixture(events: events)
        let group = try await Self.group(on: fixture)
        let outbox = try #require(fixture.store.outbox)
        let target = outbox.targets[0].id
        _ = try await group.finish()
        #expect(await eventually { outbox.latest == 8 })
        let told = try await outbox.events(for: target, after: 4, upTo: .max, limit: 100)
        #expect(told.map(\.kind) == Array(repeating: .finished, count: 4))
        #expect(told.allSatisfy { !outbox.isDoubtful($0) })
    }
}
