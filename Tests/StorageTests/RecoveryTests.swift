import Foundation
import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// What a store makes of the directory as a crash left it.
@Suite struct RecoveryTests {
    private let upload = Upload.sample(1, length: 20_000, name: "f.bin")

    @Test func `bytes beyond the recorded offset are cut off before anything is appended`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        let crashed = try fixture.crashed { path in
            let file = try #require(FileHandle(forWritingAtPath: "\(path)/uploads/\(upload.id)"))
            try file.seekToEnd()
            try file.write(contentsOf: Data(repeating: 0xEE, count: 100_000))
            try file.close()
        }
        #expect(try await crashed.store.fencedUpload(upload.id)?.offset == Offset(5000))
        let claim = try await crashed.claim(upload.id)
        var permit = try await claim.permit(at: Offset(5000))
        await permit.append(1, of: upload.id)
        _ = try await permit.settle()
        #expect(crashed.contents(crashed.dataPath(upload.id)) == Pattern.bytes(upload.id, 5001))
    }

    @Test(arguments: [Int64(4999), 0, -1])
    func `a file shorter than its record fails the upload for good`(length: Int64) async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        let crashed = try fixture.crashed { path in
            let name = "\(path)/uploads/\(upload.id)"
            if length < 0 { return try FileManager.default.removeItem(atPath: name) }
            let file = try #require(FileHandle(forWritingAtPath: name))
            try file.truncate(atOffset: UInt64(length))
        }
        #expect(try await crashed.store.fencedUpload(upload.id)?.state == .failed)
        #expect(await crashed.permitFailure(upload.id, at: 5000) == .damaged(upload.id))
        let found = length < 0 ? nil : length
        #expect(crashed.events.contains(.damaged(upload.id, recorded: Offset(5000), found: found)))
        let again = try crashed.crashed()
        #expect(try await again.store.snapshot(of: upload.id)?.state == .failed, "the verdict is recorded")
    }

    @Test func `a file that shrinks while the server runs fails its upload at the next append`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        let file = try #require(FileHandle(forWritingAtPath: fixture.dataPath(upload.id)))
        try file.truncate(atOffset: 100)
        var permit = try await fixture.claim(upload.id).permit(at: Offset(5000))
        await permit.append(10, of: upload.id)
        #expect(await permit.settleFailure() == .damaged(upload.id))
        #expect(try await fixture.store.snapshot(of: upload.id)?.state == .failed)
    }

    @Test(arguments: [Int64?.none, 20_000])
    func `a file delivered without its record is recorded as finished`(length: Int64?) async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1, length: length, name: "f.bin")
        try await fixture.create(upload, bytes: 20_000)
        let crashed = try fixture.crashed { try deliver(upload, in: $0) }
        let found = try #require(try await crashed.store.fencedUpload(upload.id))
        #expect(found.state == .finished && found.isWhole && found.finished?.length == 20_000)
        #expect(crashed.events.contains(.deliveredAfterCrash(upload.id)))
        #expect(try await crashed.finishedFile(upload.id)?.length == 20_000)
        let again = try crashed.crashed()
        #expect(try await again.store.snapshot(of: upload.id) == found)
    }

    @Test func `what a recovery found is recorded before anybody is told of it`() async throws {
        let fixture = try StoreFixture()
        let uploads = (UInt64(1)...20).map { Upload.sample($0, length: 20_000, name: "f.bin") }
        for upload in uploads { try await fixture.create(upload, bytes: 20_000) }
        let crashed = try fixture.crashed { path in
            for upload in uploads { try deliver(upload, in: path) }
        }
        for (told, upload) in uploads.enumerated() {
            // It is open as long as the sweep has it.
            #expect(try await eventually { try await crashed.store.snapshot(of: upload.id)?.state == .finished })
            let recorded = try Catalogue.integer(
                at: crashed.path, "SELECT count(*) FROM uploads WHERE finished_length IS NOT NULL")
            #expect(recorded >= told + 1)
        }
    }

    @Test func `a recovery that cannot be recorded is not told, and is made by the next start`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 20_000)
        let crashed = try fixture.crashed { path in
            try deliver(upload, in: path)
            try Catalogue.execute(
                at: path, "CREATE TRIGGER refuse BEFORE UPDATE ON uploads BEGIN SELECT RAISE(ABORT, 'refused'); END")
        }
        // Whoever asks first, a client or the sweep: it is open, or not to be told at all.
        for _ in 0..<20 {
            let told = try? await crashed.store.snapshot(of: upload.id)
            #expect(told.flatMap { $0 }?.state != .finished)
        }
        let again = try crashed.crashed { try Catalogue.execute(at: $0, "DROP TRIGGER refuse") }
        // It is open as long as the sweep has it.
        #expect(try await eventually { try await again.store.snapshot(of: upload.id)?.state == .finished })
    }

    @Test func `a small upload delivered before its first offset was recorded is finished too`() async throws {
        let fixture = try StoreFixture()
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload, isDurable: true)
        claim.release()
        let crashed = try fixture.crashed { path in
            try place(Pattern.bytes(upload.id, 20_000), at: "\(path)/uploads/\(upload.id)")
            try deliver(upload, in: path)
        }
        #expect(try await eventually { try await crashed.store.snapshot(of: upload.id)?.state == .finished })
    }

    @Test func `a delivered file of another length is not taken for the upload`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        let crashed = try fixture.crashed { try deliver(upload, in: $0) }
        #expect(try await crashed.store.snapshot(of: upload.id)?.state == .failed)
    }

    @Test(arguments: [false, true])
    func `a deletion takes a file along that has its name and no record of it`(isCrash: Bool) async throws {
        var fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 20_000)
        if isCrash {
            fixture = try fixture.crashed { path in
                try deliver(upload, in: path)
                try Catalogue.execute(at: path, "UPDATE uploads SET cleanup = 1")
            }
        } else {
            let claim = try await fixture.claim(upload.id)
            try deliver(upload, in: fixture.path)
            try await claim.delete()
        }
        #expect(try await fixture.store.snapshot(of: upload.id) == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(fixture.path)/complete") == [])
    }

    @Test func `orphans are swept and nothing else is`() async throws {
        let fixture = try StoreFixture()
        let finished = Upload.sample(2)
        let untouched = Upload.sample(3)
        try await fixture.create(upload, bytes: 5000)
        try await fixture.finish(finished, bytes: 10)
        var claim = try await fixture.claim(untouched.id)
        try await claim.create(untouched, isDurable: true)
        claim.release()
        fixture.store.close()
        let orphans = (100..<400).map { "\(UploadID(high: 9, low: UInt64($0)))" } + ["\(finished.id)"]
        let crashed = try fixture.crashed { path in
            for name in orphans + ["notes.txt"] {
                try place([1, 2, 3], at: "\(path)/uploads/\(name)")
            }
        }
        #expect(await crashed.sweptFiles() == orphans.count)
        let left = try FileManager.default.contentsOfDirectory(atPath: crashed.path + "/uploads").sorted()
        #expect(left == ["\(upload.id)", "notes.txt"].sorted())
        #expect(try await crashed.store.snapshot(of: upload.id)?.offset == Offset(5000))
        #expect(try await crashed.finishedFile(finished.id)?.length == 10)
    }

    @Test func `a hundred thousand records do not slow the start`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(Upload.sample(1), bytes: 10)
        fixture.store.close()
        try Catalogue.execute(
            at: fixture.path,
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO uploads (id, dialect, state, "offset", length, name, created, expires, cleanup)
            SELECT randomblob(16), 'tus', 0, 0, 1000, 'name', 1, 2, 0 FROM n
            """)
        let crashed = try fixture.crashed()
        let start = SystemClock.monotonicNanoseconds
        crashed.store.close()
        try LocalStore.open(StoreConfiguration(path: crashed.path)).close()
        #expect(SystemClock.monotonicNanoseconds - start < 1_000_000_000)
    }

    @Test func `a catalogue of a newer program is refused with clear words`() async throws {
        let fixture = try StoreFixture()
        fixture.store.close()
        try Catalogue.execute(at: fixture.path, "PRAGMA user_version = 1000")
        let error = #expect(throws: StorageError.self) {
            _ = try LocalStore.open(StoreConfiguration(path: fixture.path))
        }
        #expect(error?.code == "catalogue-incompatible")
        #expect(error?.description.contains("newer program") == true)
    }

    private func deliver(_ upload: Upload, in path: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(path)/complete/\(upload.id)", withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            atPath: "\(path)/uploads/\(upload.id)", toPath: "\(path)/complete/\(upload.id)/\(upload.name)")
    }
}
