import Foundation
import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

@Suite struct LocalStoreTests {
    @Test func `knows nothing of an upload that was never created`() async throws {
        let fixture = try StoreFixture()
        let id = UploadID(high: 1, low: 2)
        #expect(try await fixture.store.snapshot(of: id) == nil)
        #expect(try await fixture.store.fencedUpload(id) == nil)
        let claim = try await fixture.claim(id)
        #expect(claim.upload == nil)
        #expect(try await fixture.finishedFile(id) == nil)
    }

    @Test func `a record keeps every field over a restart`() async throws {
        let directory = try TemporaryDirectory()
        var upload = Upload.sample(1, length: 12_345, name: "naïve file.txt")
        upload.dialect = .ietf
        upload.contentType = "text/plain; charset=\"ü\""
        upload.metadata = ""
        upload.expiresSeconds = 1_800_000_000
        do {
            let fixture = try StoreFixture(in: directory)
            var claim = try await fixture.claim(upload.id)
            try await claim.create(upload, isDurable: true)
            claim.release()
            upload.epoch = 1
            #expect(try await fixture.store.snapshot(of: upload.id) == upload)
            fixture.store.close()
        }
        let reopened = try StoreFixture(in: directory)
        #expect(try await reopened.store.snapshot(of: upload.id) == upload)
        #expect(reopened.store.counters[.loads] == 1)
        #expect(try await reopened.store.fencedUpload(upload.id) == upload)
        #expect(reopened.store.counters[.loads] == 1, "the second answer comes from memory")
    }

    @Test(arguments: [Durability.power, .process])
    func `appends add up and the finished file is whole`(durability: Durability) async throws {
        let fixture = try StoreFixture(durability: durability)
        let upload = Upload.sample(2, length: 700_001, name: "a.bin")
        let first = try await fixture.create(upload, bytes: 300_001)
        #expect(first.offset == Offset(300_001))
        #expect(try await fixture.store.snapshot(of: upload.id) == first)
        #expect(fixture.contents(fixture.dataPath(upload.id)) == Pattern.bytes(upload.id, 300_001))

        let claim = try await fixture.claim(upload.id)
        var permit = try await claim.permit(at: Offset(300_001))
        #expect(permit.leadingGap == 300_001 % 4096)
        await permit.append(400_000, of: upload.id)
        let finished = try await permit.finish(length: 700_001)
        #expect(finished.state == .finished && finished.isWhole && finished.finished?.name == CleanName("a.bin"))
        #expect(try await fixture.store.fencedUpload(upload.id) == finished)
        let path = fixture.finishedPath(upload.id, "a.bin")
        #expect(fixture.contents(path) == Pattern.bytes(upload.id, 700_001))
        #expect(!fixture.exists(fixture.dataPath(upload.id)))
        #expect((fixture.store.counters[.syncs] > 0) == (durability == .power))
        #expect((fixture.store.counters[.directorySyncs] > 0) == (durability == .power))
    }

    @Test func `an empty upload becomes an empty file`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(3, length: 0, name: "empty")
        let finished = try await fixture.finish(upload, bytes: 0)
        #expect(finished.finished?.length == 0)
        #expect(fixture.contents(fixture.finishedPath(upload.id, "empty")) == [])
    }

    @Test func `a length that is known late is fixed`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(4)
        try await fixture.create(upload, bytes: 10)
        var claim = try await fixture.claim(upload.id)
        try claim.setLength(20)
        _ = try await claim.permit(at: Offset(10)).settle()
        #expect(try await fixture.store.snapshot(of: upload.id)?.length == 20)
        let crashed = try fixture.crashed()
        #expect(try await crashed.store.snapshot(of: upload.id)?.length == 20)
    }

    @Test func `a length that was said with what is refused is still open`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(4)
        try await fixture.create(upload, bytes: 10)
        var claim = try await fixture.claim(upload.id)
        try claim.setLength(20)
        claim.release()
        #expect(try await fixture.store.snapshot(of: upload.id)?.length == nil)
        claim = try await fixture.claim(upload.id)
        try claim.setLength(UploadLimits.lengthMax)
        var failure: StorageError?
        do throws(StorageError) { _ = try await claim.permit(at: Offset(10)) } catch { failure = error }
        #expect(failure == .noSpace)
        #expect(try await fixture.store.snapshot(of: upload.id)?.length == nil)
        claim = try await fixture.claim(upload.id)
        try claim.setLength(20)
        var permit = try await claim.permit(at: Offset(10), isProvisional: true)
        await permit.append(5, of: upload.id)
        #expect(try await permit.discard().length == nil)
        claim = try await fixture.claim(upload.id)
        try claim.setLength(15)
        permit = try await claim.permit(at: Offset(10))
        await permit.append(5, of: upload.id)
        #expect(try await permit.settle().length == 15)
        let crashed = try fixture.crashed()
        #expect(try await crashed.store.snapshot(of: upload.id)?.length == 15)
    }

    @Test(arguments: [1, StorageLimits.fitCheckedBytesMin + 1, nil])
    func `a piece of a file that cannot fit is refused, however small it is`(announced: Int64?) async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(4)
        try await fixture.create(upload, bytes: 10)
        var claim = try await fixture.claim(upload.id)
        try claim.setLength(UploadLimits.lengthMax)
        var failure: StorageError?
        do throws(StorageError) { _ = try await claim.permit(at: Offset(10), announced: announced) } catch {
            failure = error
        }
        #expect(failure == .noSpace)
    }

    @Test func `a restart that does not fit drops nothing`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(4)
        try await fixture.create(upload, bytes: 10)
        var claim = try await fixture.claim(upload.id)
        var failure: StorageError?
        do throws(StorageError) { try await claim.restart(.sample(4, length: UploadLimits.lengthMax)) } catch {
            failure = error
        }
        #expect(failure == .noSpace)
        claim.release()
        #expect(try await fixture.store.snapshot(of: upload.id)?.offset == Offset(10))
        #expect(fixture.contents(fixture.dataPath(upload.id)) == Pattern.bytes(upload.id, 10))
    }

    @Test func `a permit needs a record, an open upload and the very offset`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(5)
        #expect(await fixture.permitFailure(upload.id, at: 0) == .unknownUpload(upload.id))
        try await fixture.create(upload, bytes: 10)
        for wrong in [Int64(0), 9, 11] {
            #expect(await fixture.permitFailure(upload.id, at: wrong) == .wrongOffset(recorded: Offset(10)))
        }
        let claim = try await fixture.claim(upload.id)
        _ = try await claim.permit(at: Offset(10)).finish(length: 10)
        #expect(await fixture.permitFailure(upload.id, at: 10) == .notOpen(upload.id))
    }

    @Test func `discarding goes back to where the permit began`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(6, length: 100_000)
        try await fixture.create(upload, bytes: 5000)
        let claim = try await fixture.claim(upload.id)
        var permit = try await claim.permit(at: Offset(5000), isProvisional: true)
        await permit.append(90_000, of: upload.id)
        #expect(try await permit.discard().offset == Offset(5000))
        #expect(try await fixture.store.fencedUpload(upload.id)?.offset == Offset(5000))
        #expect(fixture.contents(fixture.dataPath(upload.id))?.count == 5000)
    }

    @Test func `a permit that is let go of releases the upload at its recorded offset`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(7)
        try await fixture.create(upload, bytes: 5000)
        do {
            let claim = try await fixture.claim(upload.id)
            var permit = try await claim.permit(at: Offset(5000))
            // Less than a checkpoint is made for, however long it takes.
            await permit.append(200_000, of: upload.id)
        }
        let claim = try await fixture.claim(upload.id)
        #expect(claim.upload?.offset == Offset(5000))
        var permit = try await claim.permit(at: Offset(5000))
        await permit.append(10, of: upload.id)
        _ = try await permit.finish(length: 5010)
        let path = fixture.finishedPath(upload.id, "file.bin")
        #expect(fixture.contents(path) == Pattern.bytes(upload.id, 5010))
    }

    @Test func `deleting leaves neither record nor bytes`() async throws {
        let fixture = try StoreFixture()
        let open = Upload.sample(8)
        let finished = Upload.sample(9)
        try await fixture.create(open, bytes: 10)
        try await fixture.finish(finished, bytes: 10)
        for upload in [open, finished] {
            let claim = try await fixture.claim(upload.id)
            try await claim.delete()
            #expect(try await fixture.store.fencedUpload(upload.id) == nil)
            #expect(!fixture.exists(fixture.dataPath(upload.id)))
            #expect(!fixture.exists("\(fixture.path)/complete/\(upload.id)"))
        }
        try await fixture.create(open, bytes: 3)
        #expect(try await fixture.store.snapshot(of: open.id)?.offset == Offset(3))
    }

    @Test func `a finished file is read while it is replaced`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(10, name: "a")
        try await fixture.finish(upload, bytes: 10_000)
        guard let reader = try await fixture.store.openFinished(upload.id) else {
            Issue.record("the finished file is there")
            return
        }
        #expect(reader.finished.length == 10_000)
        try await fixture.claim(upload.id).delete()
        let filled = await reader.read(into: AlignedBuffer(count: 8192)!, at: 6000, count: 8192)
        #expect(filled.count == 4000 && filled.failure == nil)
        let buffer = filled.takeBuffer()
        let read = [UInt8](UnsafeRawBufferPointer(start: buffer.memory, count: 4000))
        #expect(read == Pattern.bytes(upload.id, 6000..<10_000))
        #expect(try await fixture.finishedFile(upload.id) == nil)
    }

    @Test func `finds what has expired, oldest first`() async throws {
        let fixture = try StoreFixture()
        for (number, expiry) in [(UInt64(11), Int64(300)), (12, 100), (13, 900)] {
            var upload = Upload.sample(number)
            upload.expiresSeconds = expiry
            var claim = try await fixture.claim(upload.id)
            try await claim.create(upload, isDurable: true)
        }
        let ids = try await fixture.store.expiredUploads(at: 300, limit: 10).map(\.id)
        #expect(ids.map(\.low) == [12, 11])
        #expect(try await fixture.store.expiredUploads(at: 300, limit: 1).map(\.id.low) == [12])
    }

    @Test func `a second store on one directory is refused`() async throws {
        let fixture = try StoreFixture()
        #expect(throws: StorageError.directoryInUse(fixture.path)) {
            _ = try LocalStore.open(StoreConfiguration(path: fixture.path))
        }
        fixture.store.close()
        try LocalStore.open(StoreConfiguration(path: fixture.path)).close()
    }

    @Test func `a closed store answers nothing any more`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(14)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        fixture.store.close()
        await permit.append(10, of: upload.id)
        #expect(await permit.settleFailure() == .closed)
        await #expect(throws: StorageError.closed) { try await fixture.store.snapshot(of: upload.id) }
        await #expect(throws: StorageError.closed) { try await fixture.store.fencedUpload(upload.id) }
        #expect(await fixture.permitFailure(upload.id, at: 0) == .closed)
        #expect(fixture.store.failure == .closed)
    }
}
