import Foundation
import Storage
import TestSupport
import Testing
import Uploads

/// Files put together from other uploads, on the file system at hand (shared blocks where it can, copies elsewhere).
@Suite(.timeLimit(.minutes(1))) struct ConcatenationTests {
    private func part(_ number: UInt64, _ bytes: Int) -> Upload { .sample(number, length: Int64(bytes), name: "part") }

    private func whole(_ parts: [UploadID]) -> Upload {
        var upload = Upload.sample(9, length: nil, name: "whole.bin")
        upload.concatenation = Concatenation(.final(parts), text: "final;a b")
        return upload
    }

    private func join(_ fixture: StoreFixture, _ parts: [UploadID]) async throws -> Upload {
        var claim = try await fixture.claim(whole([]).id)
        if claim.upload == nil { try await claim.create(whole(parts), isDurable: true) }
        return try await claim.concatenate(parts, of: try await fixture.store.pin(Set(parts)))
    }

    @Test func `parts are joined in their order, and the same one may come twice`() async throws {
        let fixture = try StoreFixture()
        let (first, second) = (part(1, 10_000), part(2, 4096))
        try await fixture.create(first, bytes: 10_000)
        try await fixture.create(second, bytes: 4096)
        let done = try await join(fixture, [second.id, first.id, second.id])
        #expect(done.state == .finished)
        #expect(done.offset == Offset(18_192))
        let (a, b) = (Pattern.bytes(first.id, 10_000), Pattern.bytes(second.id, 4096))
        #expect(fixture.contents(fixture.finishedPath(done.id, "whole.bin")) == b + a + b)
        #expect(fixture.contents(fixture.dataPath(first.id)) == a, "the parts stay")
        #expect(
            try await fixture.store.snapshot(of: done.id)?.concatenation?.parts == [second.id, first.id, second.id])
    }

    @Test func `after a crash half-way the same call does it again`() async throws {
        let fixture = try StoreFixture()
        let first = part(1, 10_000)
        try await fixture.create(first, bytes: 10_000)
        var claim = try await fixture.claim(whole([]).id)
        try await claim.create(whole([first.id]), isDurable: true)
        claim.release()
        let crashed = try fixture.crashed { path in
            // The crash came while the data file was written.
            try Data(repeating: 7, count: 5000).write(to: URL(filePath: "\(path)/uploads/\(whole([]).id)"))
        }
        let record = try #require(try await crashed.store.snapshot(of: whole([]).id))
        #expect(record.offset == .zero && record.state == .open)
        let done = try await join(crashed, [first.id])
        #expect(crashed.contents(crashed.finishedPath(done.id, "whole.bin")) == Pattern.bytes(first.id, 10_000))
    }

    @Test func `a part that is gone, or shorter than said, leaves the upload open and empty`() async throws {
        let fixture = try StoreFixture()
        let (first, second) = (part(1, 10_000), part(2, 10_000))
        try await fixture.create(first, bytes: 10_000)
        try await fixture.create(second, bytes: 5000)
        let path = fixture.dataPath(first.id)
        try place(Pattern.bytes(first.id, 5000), at: path)
        await #expect(throws: StorageError.damaged(first.id)) { _ = try await join(fixture, [first.id]) }
        try FileManager.default.removeItem(atPath: path)
        await #expect(throws: StorageError.damaged(first.id)) { _ = try await join(fixture, [first.id]) }
        for part in [second.id, part(5, 1).id] {
            await #expect(throws: StorageError.self, "not whole, or not there") { _ = try await join(fixture, [part]) }
        }
        let record = try await fixture.store.snapshot(of: whole([]).id)
        #expect(record?.state == .open && record?.offset == .zero)
    }

    @Test func `a joined file that cannot be given its name keeps no second copy of the parts`() async throws {
        let fixture = try StoreFixture()
        let first = part(1, 100_000)
        try await fixture.create(first, bytes: 100_000)
        let id = whole([]).id
        // Its folder cannot be made.
        try place([], at: "\(fixture.path)/complete/\(id)")
        await #expect(throws: StorageError.self) { _ = try await join(fixture, [first.id]) }
        #expect(fixture.contents(fixture.dataPath(id)) == [])
        #expect(fixture.contents(fixture.dataPath(first.id))?.count == 100_000)
        try FileManager.default.removeItem(atPath: "\(fixture.path)/complete/\(id)")
        let done = try await join(fixture, [first.id])
        #expect(fixture.contents(fixture.finishedPath(done.id, "whole.bin")) == Pattern.bytes(first.id, 100_000))
    }

    @Test func `an expired upload has no bytes, and its record says so`() async throws {
        let fixture = try StoreFixture()
        let upload = part(1, 10_000)
        try await fixture.create(upload, bytes: 5000)
        try await fixture.claim(upload.id).expire()
        #expect(fixture.contents(fixture.dataPath(upload.id)) == nil)
        let crashed = try fixture.crashed()
        #expect(try await crashed.store.snapshot(of: upload.id)?.state == .expired)
        #expect(await fixture.permitFailure(upload.id, at: 0) == .notOpen(upload.id))
    }

    @Test func `an invalidated upload fails for good`() async throws {
        let fixture = try StoreFixture()
        let upload = part(1, 10_000)
        try await fixture.create(upload, bytes: 5000)
        try await fixture.claim(upload.id).invalidate()
        #expect(try await fixture.store.snapshot(of: upload.id)?.state == .failed)
        #expect(fixture.contents(fixture.dataPath(upload.id)) == nil)
    }

    @Test func `what was written can be read back before the upload is finished`() async throws {
        let fixture = try StoreFixture()
        let upload = part(1, 300_000)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(300_000, of: upload.id)
        _ = await permit.drain()
        let bytes = try await permit.readBack()
        #expect(bytes == Pattern.bytes(upload.id, 300_000))
        _ = try await permit.finish(length: 300_000)
    }
}
