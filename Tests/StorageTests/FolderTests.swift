import Foundation
import LinuxSystem
import TestSupport
import Testing
import Uploads

@testable import Storage

/// Finished files that are brought to a folder: once, wherever an attempt ends.
@Suite struct FolderTests {
    private let directory: TemporaryDirectory
    private let fixture: StoreFixture
    private let out: String
    private let event: UploadEvent

    init() async throws {
        directory = try TemporaryDirectory()
        var events = EventsConfiguration()
        events.targets = [.place]
        fixture = try StoreFixture(in: directory, events: events)
        out = "\(fixture.path)-out"
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        try await fixture.finish(.sample(1, length: 100_000), bytes: 100_000)
        let outbox = try #require(fixture.store.outbox)
        let queue = try #require(outbox.targets.first)
        #expect(await eventually { outbox.pending(queue.id) == 1 })
        event = try #require(try await outbox.events(for: queue.id, after: 0, upTo: .max, limit: 10).first)
    }

    private func place(_ collision: NameCollision = .number, root: String? = nil) -> FolderPlace {
        FolderPlace(root: root ?? out, folders: ["a", "b"], name: CleanName("file.bin"), collision: collision)
    }

    private func bring(_ place: FolderPlace) async throws -> LocalStore.InFolder {
        guard case .file(let reader, _) = try await fixture.store.leaving(event) else {
            throw StorageError.unknownUpload(event.upload)
        }
        return try await fixture.store.bringToFolder(
            reader, of: event, to: place, isStopping: { false }, count: { _ in })
    }

    private enum Failure { case refused, away, other }

    /// Nil where none is met.
    private func failure(_ place: FolderPlace) async -> Failure? {
        do {
            _ = try await bring(place)
            return nil
        } catch let failure as FolderFailure {
            switch failure {
            case .refused: return .refused
            case .away: return .away
            case .superseded, .local, .stopping: return .other
            }
        } catch {
            return .other
        }
    }

    private func names(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    @Test(arguments: NameCollision.allCases)
    func `a file that was brought once more is where it was`(collision: NameCollision) async throws {
        let first = try await bring(place(collision))
        #expect(first.path == "\(out)/a/b/file.bin")
        #expect(try await bring(place(collision)).path == first.path)
        #expect(try await fixture.store.pathInFolder(event, place(collision)) == first.path)
        #expect(names("\(out)/a/b").count == 2)
        try await fixture.store.settleInFolder(event, place(collision))
        #expect(names("\(out)/a/b") == ["file.bin"])
        // On one file system it is the very same file.
        let here = try FileStatus(of: FilePath(fixture.finishedPath(event.upload, event.name.description)))
        #expect(try FileStatus(of: FilePath(first.path)).number == here.number)
        // Nothing tells any more that it is this one.
        #expect(try await fixture.store.pathInFolder(event, place(collision)) == nil)
    }

    @Test func `its number is found again though one before it is free by now`() async throws {
        try FileManager.default.createDirectory(atPath: "\(out)/a/b", withIntermediateDirectories: true)
        for name in ["file.bin", "file (2).bin"] {
            #expect(FileManager.default.createFile(atPath: "\(out)/a/b/\(name)", contents: Data()))
        }
        let first = try await bring(place())
        #expect(first.path == "\(out)/a/b/file (3).bin")
        try FileManager.default.removeItem(atPath: "\(out)/a/b/file (2).bin")
        #expect(try await bring(place()).path == first.path)
        try await fixture.store.removeFromFolder(event, place())
        #expect(names("\(out)/a/b") == ["file.bin"])
    }

    @Test func `what nobody is told of goes, with the directories that it was alone in`() async throws {
        _ = try await bring(place())
        try await fixture.store.removeFromFolder(event, place())
        #expect(names(out) == [])
        try await fixture.store.removeFromFolder(event, place())
        #expect(FileManager.default.fileExists(atPath: out))
    }

    @Test func `a file here that was linked is known as the one that was brought`() async throws {
        let brought = try await bring(place())
        #expect(try await fixture.store.removePlaced(event, brought: brought.state))
        #expect(fixture.contents(brought.path)?.count == 100_000)
        #expect(try await fixture.store.openFinished(event.upload) == nil)
    }

    @Test func `what is of the one file is told apart from what is of the disk`() async throws {
        try FileManager.default.createDirectory(atPath: "\(out)/a/b", withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: "\(out)/a/b/file.bin", contents: Data()))
        #expect(await failure(place(.refuse)) == .refused)
        try FileManager.default.removeItem(atPath: "\(out)/a")
        try FileManager.default.createSymbolicLink(atPath: "\(out)/a", withDestinationPath: fixture.path)
        #expect(await failure(place()) == .refused)
        #expect(await failure(place(root: "\(out)/none")) == .away)
    }
}
