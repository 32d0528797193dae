import Storage
import TestSupport
import Testing
import Uploads

/// Whose an upload is stands in its record from the first step on, and never changes.
@Suite(.timeLimit(.minutes(1))) struct OwnerTests {
    private let alice = Owner("alice")
    private let bob = Owner("bob é\u{1F600}")

    private func create(_ fixture: StoreFixture, _ upload: Upload, _ owner: Owner?, bytes: Int) async throws {
        var claim = try fixture.store.claimNew(upload.id, for: owner, onFence: {})
        try await claim.create(upload)
        #expect(try await fixture.store.snapshot(of: upload.id)?.owner == owner)
        var permit = try await claim.permit(at: .zero, announced: Int64(bytes))
        if bytes == 100 {
            await permit.appendWhole(bytes, of: upload.id)
            _ = try await permit.finish(length: Int64(bytes))
        } else {
            await permit.append(bytes, of: upload.id)
            _ = try await permit.settle()
        }
    }

    @Test(arguments: [Durability.process, .power])
    func `an owner outlives a crash, of small files too`(durability: Durability) async throws {
        let fixture = try StoreFixture(durability: durability)
        let owners = [alice, bob, nil]
        for (number, owner) in owners.enumerated() {
            try await create(fixture, .sample(UInt64(number), length: 100), owner, bytes: 100)
            try await create(fixture, .sample(UInt64(10 + number)), owner, bytes: 10)
        }
        let later = try fixture.crashed(durability: durability)
        for (number, owner) in owners.enumerated() {
            #expect(try await later.store.snapshot(of: Upload.sample(UInt64(number)).id)?.owner == owner)
            #expect(try await later.store.snapshot(of: Upload.sample(UInt64(10 + number)).id)?.owner == owner)
        }
    }

    @Test func `whoever claims it later changes no owner`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1)
        try await create(fixture, upload, alice, bytes: 10)
        var claim = try await fixture.store.claim(upload.id, for: bob, onFence: {})
        try await claim.setLength(20)
        claim.release()
        claim = try await fixture.store.claim(upload.id, for: bob, onFence: {})
        try await claim.restart(upload)
        #expect(claim.upload?.owner == alice)
        claim.release()
        #expect(try Catalogue.integer(at: fixture.path, "SELECT count(*) FROM uploads WHERE owner = 'alice'") == 1)
    }

    @Test func `a record whose owner is none is damage, and told`() async throws {
        let fixture = try StoreFixture()
        try await create(fixture, .sample(1), alice, bytes: 10)
        fixture.store.close()
        try Catalogue.execute(at: fixture.path, "UPDATE uploads SET owner = 'a' || char(10)")
        let summary = try StoreCheck(path: fixture.path, repairs: false) { _ in }.run()
        #expect(!summary.isSound)
    }
}
