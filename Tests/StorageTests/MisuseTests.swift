import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// What the store is asked for by mistake is an error of the one who asks. The process, and the upload, live on.
@Suite(.timeLimit(.minutes(1))) struct MisuseTests {
    private let upload = Upload.sample(1, length: 1000)

    /// Expects that `body` throws `misuse`, and that the upload stands as before.
    private func refuse(
        _ fixture: StoreFixture, _ body: (inout UploadClaim) async throws(StorageError) -> Void
    ) async throws {
        let before = try await fixture.store.snapshot(of: upload.id)
        var claim = try await fixture.claim(upload.id)
        var code = ""
        do throws(StorageError) { try await body(&claim) } catch { code = error.code }
        claim.release()
        let after = try await fixture.store.snapshot(of: upload.id)
        #expect(code == "storage-misuse")
        #expect(after == before)
    }

    @Test func `a record is created once, for its own id, and empty`() async throws {
        let fixture = try StoreFixture()
        var (begun, finished) = (upload, upload)
        begun.offset = Offset(1)
        finished.state = .finished
        let lengths = [-1, UploadLimits.lengthMax + 1, .max].map { Upload.sample(1, length: $0) }
        for wrong in [begun, finished, .sample(2)] + lengths {
            try await refuse(fixture) { claim throws(StorageError) in try await claim.create(wrong) }
        }
        try await refuse(fixture) { [upload] claim throws(StorageError) in try await claim.restart(upload) }
        try await fixture.create(upload, bytes: 10)
        try await refuse(fixture) { [upload] claim throws(StorageError) in try await claim.create(upload) }
        #expect(throws: StorageError.self) { _ = try fixture.store.claimNew(upload.id, onFence: {}) }
    }

    @Test func `a length is set once, and not below what is stored`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(.sample(1), bytes: 10)
        for length in [Int64(-1), 0, 9, .min, UploadLimits.lengthMax + 1, .max] {
            try await refuse(fixture) { claim throws(StorageError) in try claim.setLength(length) }
        }
        var claim = try await fixture.claim(upload.id)
        try claim.setLength(10)
        _ = try await claim.permit(at: Offset(10)).settle()
        try await refuse(fixture) { claim throws(StorageError) in try claim.setLength(10) }
    }

    @Test func `bytes that do not belong to the file are not written`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 990)
        for count in [11, 0, -1, 4097, Int.max] {
            var permit = try await fixture.claim(upload.id).permit(at: Offset(990))
            _ = await permit.write(AlignedBuffer(count: 4096)!, count: count)
            #expect(await permit.drain() != nil, "the buffer comes back")
            #expect(permit.nextByte == 990)
            #expect(permit.failure?.code == "storage-misuse")
            #expect(await permit.settleFailure()?.code == "storage-misuse")
        }
        #expect(try await fixture.store.snapshot(of: upload.id)?.offset == Offset(990))
    }

    @Test func `leased memory is not read beyond its end`() async throws {
        let fixture = try StoreFixture()
        for count in [1001, -1, StorageLimits.smallBytesMax + 1] {
            var claim = try await fixture.claim(upload.id)
            try await claim.create(upload)
            var permit = try await claim.permit(at: .zero)
            _ = permit.leaseSmall()
            permit.writeLeased(count)
            #expect(permit.failure?.code == "storage-misuse")
            try await permit.delete()
            #expect(try await fixture.store.snapshot(of: upload.id) == nil)
        }
    }

    @Test func `a file is finished with its last byte only`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 10)
        for length in [Int64(10), 1000, -5] {
            let permit = try await fixture.claim(upload.id).permit(at: Offset(10))
            #expect(await permit.finishFailure(length: length)?.code == "storage-misuse")
        }
        #expect(try await fixture.store.fencedUpload(upload.id)?.offset == Offset(10))
        #expect(fixture.store.counters[.finished] == 0)
    }
}
