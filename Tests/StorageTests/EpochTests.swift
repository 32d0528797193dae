import Storage
import TestSupport
import Testing
import Uploads

/// The number in the record that each holder raises: what comes from an older one counts for nothing.
@Suite(.timeLimit(.minutes(1))) struct EpochTests {
    private let upload = Upload.sample(1)

    private func recorded(_ fixture: StoreFixture, _ column: String) throws -> Int64 {
        try Catalogue.integer(at: fixture.path, "SELECT \"\(column)\" FROM uploads")
    }

    @Test func `each holder that writes raises it, whatever it writes`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 10)
        #expect(try recorded(fixture, "epoch") == 1)
        try await fixture.claim(upload.id).release()
        #expect(try await fixture.store.snapshot(of: upload.id)?.epoch == 1, "this one wrote nothing")
        for epoch in Int64(2)...5 {
            var permit = try await fixture.claim(upload.id).permit(at: Offset((epoch - 1) * 10))
            await permit.append(10, of: upload.id)
            #expect(try await permit.settle().epoch == epoch)
            #expect(try recorded(fixture, "epoch") == epoch)
        }
        try await fixture.claim(upload.id).renew()
        #expect(try recorded(fixture, "epoch") == 6)
    }

    @Test func `what an older holder writes counts for nothing, and is an error`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 10)
        var permit = try await fixture.claim(upload.id).permit(at: Offset(10))
        await permit.append(10, of: upload.id)
        // Somebody else, on another machine, has taken the upload over meanwhile.
        try Catalogue.execute(at: fixture.path, "UPDATE uploads SET epoch = 7")
        #expect(await permit.settleFailure() == .outdated(upload.id))
        #expect(try recorded(fixture, "offset") == 10)
        #expect(try await fixture.store.fencedUpload(upload.id)?.epoch == 7, "and the record is looked at again")
        try await fixture.claim(upload.id).invalidate()
        #expect(try recorded(fixture, "epoch") == 8)
    }

    @Test func `a small file that comes behind a newer holder is not delivered`() async throws {
        let fixture = try StoreFixture()
        let small = Upload.sample(2, length: 100)
        var claim = try await fixture.claim(small.id)
        try await claim.create(small, isDurable: true)
        var permit = try await claim.permit(at: .zero)
        await permit.appendWhole(100, of: small.id)
        try Catalogue.execute(at: fixture.path, "UPDATE uploads SET epoch = 7")
        #expect(await permit.finishFailure(length: 100) == .outdated(small.id))
        #expect(try recorded(fixture, "state") == 0)
        #expect(fixture.contents(fixture.finishedPath(small.id, "file.bin")) == nil)
    }

    @Test func `no change but a restart or an end lowers a recorded offset`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 10)
        var permit = try await fixture.claim(upload.id).permit(at: Offset(10))
        await permit.append(10, of: upload.id)
        try Catalogue.execute(at: fixture.path, "UPDATE uploads SET \"offset\" = 1000")
        #expect(await permit.settleFailure() == .outdated(upload.id))
        #expect(try recorded(fixture, "offset") == 1000)
        try Catalogue.execute(at: fixture.path, "UPDATE uploads SET \"offset\" = 10")
        var claim = try await fixture.claim(upload.id)
        try await claim.restart(upload)
        claim.release()
        #expect(try recorded(fixture, "offset") == 0)
    }
}
