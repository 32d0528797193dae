import Foundation
import Storage
import TestSupport
import Testing
import Uploads

/// What a killed server has left unfinished: open uploads of the plain dialect, and files with a name and no record of
/// it.
@Suite struct UnfinishedSweepTests {
    /// A store after its first sweep. To one that comes late uploads that nobody holds are what another run has left.
    private func swept() async throws -> StoreFixture {
        let fixture = try StoreFixture()
        _ = await fixture.sweptFiles()
        return fixture
    }

    @Test func `what was cut by a crash and nobody can go on with is removed after the start`() async throws {
        let fixture = try await swept()
        let (cut, begun, kept) = (Upload.sample(1, .plain), Upload.sample(2, .plain), Upload.sample(3))
        try await fixture.create(cut, bytes: 10_000)
        try await fixture.create(begun, bytes: 0)
        try await fixture.create(kept, bytes: 10_000)
        let whole = try await fixture.finish(.sample(4, .plain), bytes: 10)
        let crashed = try fixture.crashed()
        #expect(await eventually { !crashed.exists(crashed.dataPath(cut.id)) })
        #expect(await eventually { crashed.store.openUploads.count == 1 })
        #expect(
            try await eventually {
                try Catalogue.integer(at: crashed.path, "SELECT count(*) FROM uploads") == 2
            })
        for upload in [cut, begun] { #expect(try await crashed.store.snapshot(of: upload.id) == nil) }
        #expect(try await crashed.store.snapshot(of: kept.id)?.offset == Offset(10_000))
        #expect(try await crashed.finishedFile(whole.id)?.length == 10)
        #expect(crashed.contents(crashed.dataPath(kept.id)) == Pattern.bytes(kept.id, 10_000))
    }

    @Test(arguments: DialectName.allCases)
    func `one that was whole and had its name is recorded as finished, although nobody asks for it`(
        dialect: DialectName
    ) async throws {
        let fixture = try await swept()
        let upload = Upload.sample(1, dialect, length: 10_000)
        try await fixture.create(upload, bytes: 10_000)
        let crashed = try fixture.crashed { path in
            try place(Pattern.bytes(upload.id, 10_000), at: "\(path)/complete/\(upload.id)/file.bin")
            try FileManager.default.removeItem(atPath: "\(path)/uploads/\(upload.id)")
        }
        #expect(await eventually { crashed.store.openUploads.count == 0 })
        #expect(try await crashed.finishedFile(upload.id)?.length == 10_000)
        #expect(
            crashed.contents(crashed.finishedPath(upload.id, "file.bin")) == Pattern.bytes(upload.id, 10_000))
    }

    @Test(arguments: [("file.bin", 9999), ("file.bin", 10_001), ("other.bin", 10_000)])
    func `where something else stands in a file's place nothing of it goes, and the record tells of it`(
        name: String, length: Int
    ) async throws {
        let fixture = try await swept()
        let upload = Upload.sample(1, .plain, length: 10_000)
        try await fixture.create(upload, bytes: 10_000)
        let bytes = Pattern.bytes(upload.id, length)
        let crashed = try fixture.crashed { path in
            try place(bytes, at: "\(path)/complete/\(upload.id)/\(name)")
            try FileManager.default.removeItem(atPath: "\(path)/uploads/\(upload.id)")
        }
        #expect(await eventually { crashed.store.openUploads.count == 0 })
        #expect(try await crashed.store.snapshot(of: upload.id)?.state == .failed)
        #expect(crashed.events.contains(.strangerKept("complete/\(upload.id)")))
        // Nor does it go with the next start, nor with the record.
        let again = try crashed.crashed()
        _ = await again.sweptFiles()
        #expect(try await again.store.snapshot(of: upload.id)?.state == .failed)
        try await again.claim(upload.id).delete()
        #expect(again.contents(again.finishedPath(upload.id, name)) == bytes)
    }

    @Test func `those of this run are left alone, however early they come`() async throws {
        let fixture = try await swept()
        for number in UInt64(1)...100 { try await fixture.create(.sample(number, .plain), bytes: 10) }
        let crashed = try fixture.crashed()
        let upload = Upload.sample(1000, .plain, length: 5000)
        var claim = try await crashed.claim(upload.id)
        try await claim.create(upload, isDurable: true)
        var permit = try await claim.permit(at: .zero)
        await permit.append(2000, of: upload.id)
        #expect(await eventually { crashed.store.openUploads.count == 1 })
        #expect(await eventually { !crashed.exists(crashed.dataPath(Upload.sample(100).id)) })
        await permit.append(3000, of: upload.id)
        _ = try await permit.finish(length: 5000)
        #expect(crashed.contents(crashed.finishedPath(upload.id, "file.bin")) == Pattern.bytes(upload.id, 5000))
    }

    @Test func `one that is settled and held is left alone, until its holder goes on with it`() async throws {
        let fixture = try await swept()
        for number in UInt64(1)...100 { try await fixture.create(.sample(number, .plain), bytes: 10) }
        let crashed = try fixture.crashed()
        let upload = Upload.sample(1000, .plain)
        var claim = try await crashed.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(2000, of: upload.id)
        let held = try await permit.settleHeld()
        #expect(held.upload?.offset == Offset(2000))
        #expect(crashed.store.isHeld(upload.id))
        #expect(await eventually { !crashed.exists(crashed.dataPath(Upload.sample(100).id)) })
        let next = try await held.permit(at: Offset(2000))
        _ = try await next.finish(length: 2000)
        #expect(!crashed.store.isHeld(upload.id))
        #expect(crashed.contents(crashed.finishedPath(upload.id, "file.bin")) == Pattern.bytes(upload.id, 2000))
    }
}
