import Foundation
import Synchronization
import TestSupport
import Testing
import Uploads

@testable import Storage

/// Somebody takes the directories of a running store away, or puts something else in their places.
@Suite(.timeLimit(.minutes(1))) struct PlacesTests {
    private let upload = Upload.sample(1, length: 20_000)
    private let files = FileManager.default

    private func place(of name: String, in fixture: StoreFixture) -> String { "\(fixture.path)/\(name)" }

    private func isUsable(_ fixture: StoreFixture) async -> Bool { (try? await fixture.store.space()) != nil }

    private func append(_ fixture: StoreFixture, at offset: Int64) async throws -> Upload {
        var permit = try await fixture.claim(upload.id).permit(at: Offset(offset))
        await permit.append(1, of: upload.id)
        return try await permit.settle()
    }

    @Test(arguments: ["uploads", "complete"], [10, 200_000])
    func `one that is removed is made again after the first failure, and uploads go on`(
        name: String, bytes: Int
    ) async throws {
        let fixture = try StoreFixture()
        _ = await fixture.sweptFiles()
        try files.removeItem(atPath: place(of: name, in: fixture))
        await #expect(throws: StorageError.self) { try await fixture.finish(.sample(2), bytes: bytes) }
        #expect(await fixture.event { $0 == .directoryReplaced(name, isMade: true) } != nil)
        try await fixture.finish(.sample(3), bytes: bytes)
        let path = fixture.finishedPath(Upload.sample(3).id, "file.bin")
        #expect(fixture.contents(path)?.count == bytes)
    }

    @Test(arguments: ["uploads", "complete"])
    func `one that is removed is made again when somebody asks for room`(name: String) async throws {
        let fixture = try StoreFixture()
        try files.removeItem(atPath: place(of: name, in: fixture))
        #expect(await eventually { await isUsable(fixture) && files.fileExists(atPath: place(of: name, in: fixture)) })
        // It is there before it is used.
        #expect(await fixture.event { $0 == .directoryReplaced(name, isMade: true) } != nil)
        try await fixture.finish(.sample(2), bytes: 10)
    }

    @Test func `a catalogue that takes the place of the store's own is not believed`() async throws {
        let (fixture, other) = (try StoreFixture(), try StoreFixture())
        _ = await (fixture.sweptFiles(), other.sweptFiles())
        try await fixture.create(upload, bytes: 5000)
        // Somebody moves the whole directory away, and another server has its own under that path.
        let moved = fixture.path + ".moved"
        try files.moveItem(atPath: fixture.path, toPath: moved)
        defer { try? files.removeItem(atPath: moved) }
        try files.createSymbolicLink(atPath: fixture.path, withDestinationPath: other.path)
        // What fails has the sweep look.
        try files.removeItem(atPath: moved + "/complete")
        await #expect(throws: StorageError.self) { try await fixture.finish(.sample(2), bytes: 200_000) }
        let told = await fixture.event { if case .sweepFailed(.catalogue, _) = $0 { true } else { false } }
        #expect(told != nil)
        #expect(files.fileExists(atPath: "\(moved)/uploads/\(upload.id)"))
        #expect(try await append(fixture, at: 5000).offset == Offset(5001))
    }

    @Test func `who asks does not wait for a sync of the catalogue's database`() async throws {
        let fixture = try StoreFixture()
        _ = await fixture.sweptFiles()
        let files = fixture.store.parts.files
        let (held, seen) = (Counter(), Counter())
        let sync = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [files] in
            files.database.withLock { _ in
                held.add(1)
                sync.wait()
            }
        }
        defer { sync.signal() }
        #expect(await eventually { held.value == 1 })
        Thread.detachNewThread { [files] in
            _ = try? files.seePlaces()
            seen.add(1)
        }
        #expect(await eventually { seen.value == 1 })
    }

    @Test func `one that is moved away is told of until it is back, and nothing is lost`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        let (place, away) = (place(of: "uploads", in: fixture), fixture.path + "/away")
        try files.moveItem(atPath: place, toPath: away)
        #expect(await eventually { await !isUsable(fixture) })
        #expect(try await append(fixture, at: 5000).offset == Offset(5001))
        #expect(!files.fileExists(atPath: place), "the owner can put it back")
        try files.moveItem(atPath: away, toPath: place)
        #expect(await eventually { await isUsable(fixture) })
        #expect(try await append(fixture, at: 5001).offset == Offset(5002))
        #expect(fixture.contents(fixture.dataPath(upload.id)) == Pattern.bytes(upload.id, 5002))
        let told = fixture.events.count { if case .directoryMisplaced = $0 { true } else { false } }
        #expect(told == 1, "once")
    }

    @Test(arguments: [false, true])
    func `another one in its place is used, and no upload is damaged for that`(isInMemory: Bool) async throws {
        var fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        if !isInMemory { fixture = try fixture.crashed() }
        // Which would make the directory again in between.
        _ = await fixture.sweptFiles()
        let (place, copy) = (place(of: "uploads", in: fixture), fixture.path + "/copy")
        try files.copyItem(atPath: place, toPath: copy)
        try files.removeItem(atPath: place)
        try files.moveItem(atPath: copy, toPath: place)
        #expect(try await append(fixture, at: 5000).offset == Offset(5001))
        #expect(fixture.events.contains(.directoryReplaced("uploads", isMade: false)))
        #expect(fixture.contents(fixture.dataPath(upload.id)) == Pattern.bytes(upload.id, 5001))
    }

    @Test(arguments: ["uploads", "complete"])
    func `something else in its place is told of, and no upload fails for good until it is gone`(
        name: String
    ) async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        let crashed = try fixture.crashed()
        // Which would make the directory again in between.
        _ = await crashed.sweptFiles()
        let place = place(of: name, in: crashed)
        try files.removeItem(atPath: place)
        try Data([1]).write(to: URL(filePath: place))
        #expect(await eventually { await !isUsable(crashed) })
        if name == "uploads" {
            await #expect(throws: StorageError.self) { try await crashed.store.snapshot(of: upload.id) }
            #expect(try Catalogue.integer(at: crashed.path, "SELECT state FROM uploads") == 0)
        }
        try files.removeItem(atPath: place)
        #expect(await eventually { await isUsable(crashed) })
        try await crashed.finish(.sample(2), bytes: 10)
    }
}
