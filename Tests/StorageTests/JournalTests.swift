import Foundation
import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// Small files with durability `power`: in the journal for sure, in their own places sometime.
@Suite struct JournalTests {
    /// What a loss of power may leave of a file that was not synced.
    enum Damage: CaseIterable {
        case gone, empty, zeros, unnamed, none

        func strike(_ id: UploadID, in path: String) throws {
            let folder = "\(path)/complete/\(id)"
            let file = "\(folder)/file.bin"
            switch self {
            case .gone: try FileManager.default.removeItem(atPath: folder)
            case .empty: try place([], at: file)
            case .zeros: try place(Array(repeating: 0, count: 1000), at: file)
            case .unnamed:
                try FileManager.default.moveItem(atPath: file, toPath: "\(path)/uploads/\(id)")
                try FileManager.default.removeItem(atPath: folder)
            case .none: break
            }
        }
    }

    @Test(arguments: Damage.allCases)
    func `files that a loss of power damaged are written again`(damage: Damage) async throws {
        let fixture = try StoreFixture(durability: .power)
        var stored: [Upload] = []
        for number in UInt64(1)...5 { stored.append(try await fixture.finishSmall(number)) }
        #expect(fixture.store.counters[.journalBodies] == 5 && fixture.store.counters[.syncs] == 0)
        let crashed = try fixture.crashed(durability: .power) { path in
            for upload in stored { try damage.strike(upload.id, in: path) }
        }
        #expect(crashed.events.contains(.replayed(files: 5)))
        for upload in stored {
            let bytes = crashed.contents(crashed.finishedPath(upload.id, "file.bin"))
            #expect(bytes == Pattern.bytes(upload.id, 1000))
            #expect(try await crashed.store.snapshot(of: upload.id) == upload)
        }
        #expect(await crashed.sweptFiles() == 0)
    }

    @Test func `without what the journal's sync keeps, the same crash loses the file`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        let crashed = try fixture.crashed(durability: .power) { path in
            try Damage.zeros.strike(stored.id, in: path)
            for segment in 0...1 { try place(Array(repeating: 0, count: 2 << 20), at: "\(path)/journal/\(segment)") }
        }
        let bytes = crashed.contents(crashed.finishedPath(stored.id, "file.bin"))
        #expect(bytes == Array(repeating: 0, count: 1000))
    }

    @Test func `a crash while files are written again changes nothing`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        let crashed = try fixture.crashed(durability: .power) { try Damage.gone.strike(stored.id, in: $0) }
        let journal = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/journal/0"))
        let again = try crashed.crashed(durability: .power) { path in
            try Damage.empty.strike(stored.id, in: path)
            try journal.write(to: URL(fileURLWithPath: path + "/journal/0"))
        }
        #expect(again.events.contains(.replayed(files: 1)))
        let bytes = again.contents(again.finishedPath(stored.id, "file.bin"))
        #expect(bytes == Pattern.bytes(stored.id, 1000))
        // It is the file that was finished then, and passes for it.
        let modified =
            try FileManager.default.attributesOfItem(
                atPath: again.path + "/complete/\(stored.id)/file.bin")[.modificationDate] as? Date
        let finished = try #require(try await again.store.snapshot(of: stored.id)?.finished)
        #expect(Int64(modified?.timeIntervalSince1970 ?? 0) == finished.finishedNanoseconds / 1_000_000_000)
        let third = try again.crashed(durability: .power)
        #expect(third.events.isEmpty || third.events == [.swept(files: 0)], "the segment is released")
    }

    @Test func `after the end of the process alone, files stay as their owner has them`() async throws {
        let boot = BootID(high: 1, low: 2)
        let fixture = try StoreFixture(durability: .power, bootID: boot)
        let removed = try await fixture.finishSmall(1)
        let edited = try await fixture.finishSmall(2)
        let path = "complete/\(edited.id)/file.bin"
        let damage: (String) throws -> Void = { data in
            try Damage.gone.strike(removed.id, in: data)
            try place([1, 2, 3], at: "\(data)/\(path)")
        }
        // The mount is the same one here; a disk that came back has another one.
        let crashed = try fixture.crashed(durability: .power, bootID: boot, damage)
        #expect(!crashed.events.contains { if case .replayed = $0 { true } else { false } })
        #expect(!crashed.exists(crashed.finishedPath(removed.id, "file.bin")))
        #expect(crashed.contents("\(crashed.path)/\(path)") == [1, 2, 3])
        crashed.store.close()
        #expect(crashed.store.counters[.syncs] == 1, "they are synced all the same")

        let unknown = try fixture.crashed(durability: .power, bootID: nil, damage)
        #expect(unknown.events.contains(.replayed(files: 2)))
    }

    @Test(arguments: [24, 40, 48])
    func `a segment that does not say where its files were written is replayed`(offset: UInt64) async throws {
        let boot = BootID(high: 1, low: 2)
        let fixture = try StoreFixture(durability: .power, bootID: boot)
        let stored = try await fixture.finishSmall(1)
        let crashed = try fixture.crashed(durability: .power, bootID: boot) { path in
            try Damage.gone.strike(stored.id, in: path)
            let file = try #require(FileHandle(forWritingAtPath: "\(path)/journal/0"))
            // All of it, as older versions leave it; or another one, or a torn one.
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(count: offset == 24 ? 32 : 8))
        }
        #expect(crashed.events.contains(.replayed(files: 1)))
        #expect(crashed.contents(crashed.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
    }

    @Test func `a start that cannot write files again goes on, and they are written when they can be`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        let odd = "complete/\(stored.id)"
        let crashed = try fixture.crashed(durability: .power) { path in
            try Damage.gone.strike(stored.id, in: path)
            try place([], at: "\(path)/\(odd)")
        }
        #expect(crashed.events.contains { if case .replayFailed = $0 { true } else { false } })
        #expect(try await crashed.store.snapshot(of: stored.id) == stored)
        await #expect(throws: StorageError.self) { _ = try await crashed.store.openFinished(stored.id) }
        await #expect(throws: StorageError.self, "its old file would be lost") {
            var claim = try await crashed.claim(stored.id)
            try await claim.restart(.sample(1, length: 500))
        }
        let other = try await crashed.finishSmall(2)
        #expect(crashed.contents(crashed.finishedPath(other.id, "file.bin")) == Pattern.bytes(other.id, 1000))
        try FileManager.default.removeItem(atPath: "\(crashed.path)/\(odd)")
        #expect(await crashed.replayedFiles() == 1)
        #expect(crashed.contents(crashed.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
        #expect(try await crashed.store.openFinished(stored.id)?.finished.length == 1000)
    }

    @Test func `one file that cannot be written again is alone in that`() async throws {
        let fixture = try StoreFixture(durability: .power)
        var stored: [Upload] = []
        for number in UInt64(1)...5 { stored.append(try await fixture.finishSmall(number)) }
        let (odd, rest) = (stored[2], stored[..<2] + stored[3...])
        let crashed = try fixture.crashed(durability: .power) { path in
            for upload in stored { try Damage.zeros.strike(upload.id, in: path) }
            try FileManager.default.createDirectory(
                atPath: "\(path)/uploads/\(odd.id)", withIntermediateDirectories: false)
        }
        #expect(crashed.events.contains(.replayed(files: 4)))
        let told = crashed.events.first { if case .replayFailed = $0 { true } else { false } }
        #expect(told?.description.contains("\(odd.id)") == true)
        #expect(crashed.store.journalFailure != nil)
        for upload in rest {
            #expect(try await crashed.finishedFile(upload.id)?.length == 1000)
            let path = crashed.finishedPath(upload.id, "file.bin")
            #expect(crashed.contents(path) == Pattern.bytes(upload.id, 1000))
            try place([1], at: path)
        }
        await #expect(throws: StorageError.self) { _ = try await crashed.store.openFinished(odd.id) }
        try FileManager.default.removeItem(atPath: crashed.dataPath(odd.id))
        #expect(await eventually { crashed.store.journalFailure == nil })
        #expect(crashed.contents(crashed.finishedPath(odd.id, "file.bin")) == Pattern.bytes(odd.id, 1000))
        #expect(try await crashed.finishedFile(odd.id)?.length == 1000)
        for upload in rest {
            #expect(crashed.contents(crashed.finishedPath(upload.id, "file.bin")) == [1], "they are their owner's")
        }
    }

    @Test func `the journal is read whatever durability the next start has`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        let crashed = try fixture.crashed(durability: .process) { try Damage.gone.strike(stored.id, in: $0) }
        #expect(crashed.contents(crashed.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
    }

    @Test func `a body without its record is not delivered`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        let crashed = try fixture.crashed(durability: .power) { path in
            try Damage.unnamed.strike(stored.id, in: path)
            try Catalogue.execute(at: path, "DELETE FROM uploads")
        }
        #expect(!crashed.exists(crashed.finishedPath(stored.id, "file.bin")))
        #expect(await crashed.sweptFiles() == 1)
    }

    @Test func `a batch that was written in part counts for nothing`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let first = try await fixture.finishSmall(1)
        let second = try await fixture.finishSmall(2)
        let crashed = try fixture.crashed(durability: .power) { path in
            // The second batch's head, behind the segment's head and a batch of a head and one block.
            let file = try #require(FileHandle(forWritingAtPath: "\(path)/journal/0"))
            try file.seek(toOffset: 3 * 4096 + 20)
            try file.write(contentsOf: Data([0xEE]))
            for upload in [first, second] { try Damage.gone.strike(upload.id, in: path) }
        }
        #expect(crashed.events.contains(.replayed(files: 1)))
        #expect(crashed.exists(crashed.finishedPath(first.id, "file.bin")))
        try await crashed.finishSmall(3)
        #expect(try await crashed.finishedFile(Upload.sample(3).id)?.length == 1000)
    }

    @Test func `a deleted small file does not come back`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        try await fixture.claim(stored.id).delete()
        _ = try await fixture.finishSmall(2)
        let crashed = try fixture.crashed(durability: .power)
        #expect(!crashed.exists("\(crashed.path)/complete/\(stored.id)"))
        #expect(try await crashed.store.snapshot(of: stored.id) == nil)
    }

    @Test func `a restart puts the file before it in its place first`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        var claim = try await fixture.claim(stored.id)
        try await claim.restart(.sample(1, length: 500))
        #expect(fixture.store.counters[.syncs] == 1)
        var permit = try await claim.permit(at: .zero)
        #expect(permit.leaseSmall() == nil)
        await permit.append(500, of: stored.id)
        let again = try await permit.finish(length: 500)
        let crashed = try fixture.crashed(durability: .power)
        #expect(try await crashed.store.snapshot(of: stored.id) == again)
        let bytes = crashed.contents(crashed.finishedPath(stored.id, "file.bin"))
        #expect(bytes == Pattern.bytes(stored.id, 500))
    }

    @Test func `segments are taken in turn, and a batch that fits into none goes the long way`() async throws {
        // Room for one body of 64 KiB and little more in each of the two segments.
        let fixture = try StoreFixture(durability: .power, journalBytes: 2 * 20 * 4096)
        var stored: [Upload] = []
        for number in UInt64(1)...20 {
            stored.append(try await fixture.finishSmall(number, bytes: 64 << 10))
            stored.append(try await fixture.finishSmall(100 + number, bytes: 3000))
        }
        #expect(fixture.store.counters[.journalBodies] > 2)
        let crashed = try fixture.crashed(durability: .power)
        for upload in stored {
            let count = Int(upload.offset.bytes)
            let bytes = crashed.contents(crashed.finishedPath(upload.id, "file.bin"))
            #expect(bytes == Pattern.bytes(upload.id, count))
            #expect(try await crashed.store.snapshot(of: upload.id) == upload)
        }
        let none = try StoreFixture(durability: .power, journalBytes: 0)
        try await none.finishSmall(1)
        #expect(none.store.counters[.journalBodies] == 0 && none.store.counters[.syncs] == 1)
    }
}

/// The journal on disks that are full or fail.
@Suite(.enabled(if: SmallDisk.isAvailable, "only root with loop devices can mount a small disk"))
struct JournalTroubleTests {
    @Test func `a disk without room for a journal takes small files without one`() async throws {
        let disk = try SmallDisk(megabytes: 16)
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power, journalBytes: 8 << 20)
        let stored = try await fixture.finishSmall(1)
        #expect(fixture.contents(fixture.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
        #expect(fixture.store.counters[.journalBodies] == 0 && fixture.store.counters[.syncs] == 1)
        fixture.store.close()
    }

    @Test func `a small file that finds the disk full is not acknowledged, and may come again`() async throws {
        let disk = try SmallDisk(megabytes: 64)
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        try await fixture.finishSmall(1)
        let filler = try disk.fill()
        await #expect(throws: StorageError.noSpace) { try await fixture.finishSmall(2, bytes: 60_000) }
        let left = try await fixture.store.fencedUpload(Upload.sample(2).id)
        #expect(left == nil || left?.state == .open)
        try FileManager.default.removeItem(atPath: filler)
        let stored = try await fixture.finishSmall(3, bytes: 60_000)
        #expect(fixture.contents(fixture.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 60_000))
        fixture.store.close()
    }

    @Test func `a disk that fails acknowledges no small file, and those before it are there afterwards`() async throws {
        let disk = try SmallDisk(megabytes: 64)
        do {
            let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
            for number in UInt64(1)...10 { try await fixture.finishSmall(number) }
            try disk.cut()
            await #expect(throws: StorageError.self) { try await fixture.finishSmall(11) }
            #expect(fixture.events.contains { if case .journalFailed = $0 { true } else { false } })
            fixture.store.close()
        }
        try disk.restore()
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        #expect(fixture.events.contains(.replayed(files: 10)))
        let acknowledged = Dictionary(uniqueKeysWithValues: (UInt64(1)...10).map { ($0, Int64(1000)) })
        try await Workload.check(acknowledged, in: fixture)
        #expect(try await fixture.store.fencedUpload(Upload.sample(11).id)?.state != .finished)
        fixture.store.close()
    }
}
