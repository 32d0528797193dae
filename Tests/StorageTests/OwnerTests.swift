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
        try claim.setLength(20)
        _ = try await claim.permit(at: Offset(10)).settle()
        claim = try await fixture.store.claim(upload.id, for: bob, onFence: {})
        try await claim.restart(upload)
        #expect(claim.upload?.owner == alice)
        claim.release()
        #expect(try Catalogue.integer(at: fixture.path, "SELECT count(*) FROM uploads WHERE owner = 'alice'") == 1)
    }

    private func look(_ store: LocalStore, _ id: UploadID, _ owner: Owner?) async throws -> String {
        switch try await store.look(at: id, as: owner) {
        case .own(let upload): "own \(upload.offset.bytes)"
        case .others: "others"
        case .none: "none"
        }
    }

    @Test func `an upload shows itself to its owner, whoever asked before, in memory and not`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1)
        try await create(fixture, upload, alice, bytes: 10)
        try await create(fixture, .sample(2), nil, bytes: 10)
        let cold = try fixture.crashed()
        for store in [fixture.store, cold.store] {
            for _ in 0..<2 {
                #expect(try await look(store, upload.id, bob) == "others")
                #expect(try await look(store, upload.id, nil) == "others")
                #expect(try await look(store, upload.id, alice) == "own 10")
                #expect(try await look(store, Upload.sample(2).id, nil) == "own 10")
                #expect(try await look(store, Upload.sample(2).id, alice) == "others")
                #expect(try await look(store, Upload.sample(3).id, alice) == "none")
            }
        }
        fixture.store.close()
        await #expect(throws: StorageError.closed) { try await fixture.store.look(at: upload.id, as: alice) }
    }

    @Test func `a stranger has nothing loaded and nothing compared`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1)
        try await create(fixture, upload, alice, bytes: 10)
        let cold = try fixture.crashed()
        for id in [upload.id, Upload.sample(2).id] { _ = try await cold.store.look(at: id, as: bob) }
        #expect(cold.store.counters[.loads] == 0)
        _ = try await cold.store.look(at: upload.id, as: alice)
        #expect(cold.store.counters[.loads] == 1)
    }

    @Test(arguments: [
        "dialect = 'no-word-of-ours'", "state = 9", "state = -9", "length = -1", "owner = 'a' || char(10)",
    ])
    func `a stranger does not learn of a record that cannot be read`(change: String) async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1)
        try await create(fixture, upload, alice, bytes: 10)
        let cold = try fixture.crashed { path in
            try Catalogue.execute(at: path, "UPDATE uploads SET \(change)")
        }
        #expect(try await look(cold.store, upload.id, bob) == "others")
        if !change.hasPrefix("owner") {
            await #expect(throws: StorageError.self) { try await cold.store.look(at: upload.id, as: alice) }
        }
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
