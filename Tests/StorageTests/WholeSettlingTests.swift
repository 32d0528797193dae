import Storage
import TestSupport
import Testing
import Uploads

/// Uploads of which all bytes are there and that are not finished yet: somebody else has a say in that.
@Suite(.timeLimit(.minutes(1))) struct WholeSettlingTests {
    private let upload = Upload.sample(1)

    /// All bytes of a new upload, settled and held.
    private func whole(_ fixture: StoreFixture, _ count: Int) async throws -> UploadClaim {
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        if count > 0 { await permit.append(count, of: upload.id) }
        return try await permit.settleWhole()
    }

    @Test(arguments: [0, 1, 100_000])
    func `it stays held, a crash leaves all its bytes, and it is finished later`(count: Int) async throws {
        let fixture = try StoreFixture()
        let claim = try await whole(fixture, count)
        #expect(claim.upload?.offset == Offset(Int64(count)) && fixture.store.isHeld(upload.id))
        let crashed = try fixture.crashed()
        let left = try #require(try await crashed.store.snapshot(of: upload.id))
        #expect(left.state == .open && left.offset == Offset(Int64(count)))
        let finished = try await claim.permit(at: Offset(Int64(count))).finish(length: Int64(count))
        #expect(finished.state == .finished)
        #expect(
            fixture.contents(fixture.finishedPath(upload.id, finished.name.description))
                == Pattern.bytes(upload.id, count))
        #expect(!fixture.store.isHeld(upload.id))
    }

    @Test func `who lets go of it leaves an open upload with all its bytes`() async throws {
        let fixture = try StoreFixture()
        try await whole(fixture, 1000).release()
        let left = try #require(try await fixture.store.snapshot(of: upload.id))
        #expect(left.state == .open && left.offset == Offset(1000) && !fixture.store.isHeld(upload.id))
        #expect(try await fixture.claim(upload.id).permit(at: Offset(1000)).finish(length: 1000).state == .finished)
    }

    @Test func `who asks how far it is neither waits nor fences`() async throws {
        let fixture = try StoreFixture()
        var claim = try await fixture.claim(upload.id)
        try await claim.create(.sample(1, .fileID))
        var permit = try await claim.permit(at: .zero)
        await permit.append(1000, of: upload.id)
        let held = try await permit.settleWhole()
        #expect(try await fixture.store.progress(of: upload.id)?.offset == Offset(1000))
        held.release()
    }

    @Test func `an empty file that begins anew has begun`() async throws {
        let fixture = try StoreFixture()
        let finished = try await whole(fixture, 100).permit(at: Offset(100)).finish(length: 100)
        #expect(finished.state == .finished)
        var claim = try await fixture.claim(upload.id)
        try await claim.restart(.sample(1), waits: true)
        let held = try await claim.permit(at: .zero).settleWhole()
        #expect(held.upload?.state == .open && held.upload?.offset == .zero)
        #expect(try await held.permit(at: .zero).finish(length: 0).offset == .zero)
    }

    @Test func `an owner is named once, of an upload that is new`() async throws {
        let fixture = try StoreFixture()
        var claim = try await fixture.claim(upload.id)
        let (alice, bob) = (try #require(Owner("alice")), try #require(Owner("bob")))
        claim.assign(alice)
        try await claim.create(upload)
        claim.assign(bob)
        #expect(claim.owner == alice && claim.upload?.owner == alice)
    }
}
