import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// What each owner's uploads take, recorded in the step that changes it.
@Suite(.timeLimit(.minutes(2))) struct UsageTests {
    private static let owners = [Owner("alice"), Owner("bob é"), nil]

    private func recorded(_ path: String, _ owner: Owner) throws -> Usage {
        func column(_ name: String) throws -> Int64 {
            try Catalogue.integer(
                at: path, "SELECT coalesce(sum(\(name)), 0) FROM usage WHERE owner = '\(owner.description)'")
        }
        return Usage(bytes: try column("bytes"), files: try column("files"), open: try column("open"))
    }

    /// What the records come to by `Upload.usage`.
    private func counted(_ fixture: StoreFixture, _ owner: Owner) async throws -> Usage {
        var sum = Usage.none
        for number in 0..<12 as Range<UInt64> {
            guard let upload = try await fixture.store.snapshot(of: Upload.sample(number).id), upload.owner == owner
            else { continue }
            sum.bytes += upload.usage.bytes
            sum.files += upload.usage.files
            sum.open += upload.usage.open
        }
        return sum
    }

    private func findings(_ path: String, repairs: Bool = false) throws -> [CheckFinding] {
        let findings = Mutex<[CheckFinding]>([])
        _ = try StoreCheck(path: path, repairs: repairs) { finding in findings.withLock { $0.append(finding) } }.run()
        return findings.withLock { $0 }
    }

    @Test(arguments: [1, 2, 3], [Durability.process, .power])
    func `usage is what the records come to, whatever becomes of them, and after a crash`(
        seed: UInt64, durability: Durability
    ) async throws {
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: seed)
        for round in 0..<3 as Range<UInt64> {
            let fixture = try StoreFixture(in: directory, durability: durability)
            for _ in 0..<40 {
                let number = UInt64.random(in: 0..<12, using: &generator)
                try await step(number, fixture, Int.random(in: 0..<8, using: &generator))
            }
            // What was only enqueued is behind this.
            try await fixture.finish(.sample(100 + round), bytes: 10)
            let crashed = try fixture.crashed(durability: durability)
            for owner in UsageTests.owners.compactMap(\.self) {
                let usage = try await counted(fixture, owner)
                #expect(try recorded(fixture.path, owner) == usage)
                #expect(try await fixture.store.usage(of: owner) == usage, "no promise is left")
                #expect(try recorded(crashed.path, owner) == usage)
            }
            crashed.store.close()
            fixture.store.close()
            #expect(try findings(fixture.path).filter { $0.severity == .damage } == [])
        }
    }

    @Test func `one that is wrong is found by a check, and counted anew by a repair`() async throws {
        let fixture = try StoreFixture()
        try await step(0, fixture, 7)
        try await step(1, fixture, 7)
        fixture.store.close()
        let right = try recorded(fixture.path, Owner("alice")!)
        #expect(right.bytes > 0)
        try Catalogue.execute(
            at: fixture.path,
            "UPDATE usage SET bytes = bytes + 1 WHERE owner = 'alice'; DELETE FROM usage WHERE owner != 'alice';"
                + "INSERT INTO usage VALUES ('carol', 5, 1, 0)")
        let damages = try findings(fixture.path)
        #expect(damages.count == 3 && damages.allSatisfy { $0.severity == .damage })
        #expect(try findings(fixture.path, repairs: true).allSatisfy { $0.severity == .repaired })
        #expect(try findings(fixture.path).isEmpty)
        #expect(try recorded(fixture.path, Owner("alice")!) == right)
    }

    @Test func `a catalogue without the table, or without what keeps it, is counted once at the start`() async throws {
        let directory = try TemporaryDirectory()
        for way in ["DROP TABLE usage", "DROP TRIGGER usage_of_new; UPDATE usage SET bytes = 1"] {
            let fixture = try StoreFixture(in: directory)
            try await step(0, fixture, 7)
            try await step(1, fixture, 7)
            fixture.store.close()
            let right = try recorded(fixture.path, Owner("alice")!)
            if way.hasPrefix("DROP TABLE") {
                let names = ["new", "changed", "given", "taken", "gone"].map { "DROP TRIGGER usage_of_\($0);" }
                try Catalogue.execute(at: fixture.path, names.joined())
            }
            try Catalogue.execute(at: fixture.path, way)
            try StoreFixture(in: directory).store.close()
            #expect(try recorded(fixture.path, Owner("alice")!) == right)
        }
    }

    @Test func `a sum that no integer holds keeps no record from being written`() async throws {
        let fixture = try StoreFixture()
        try await step(0, fixture, 7)
        fixture.store.close()
        try Catalogue.execute(at: fixture.path, "UPDATE usage SET bytes = \(Int64.max)")
        let later = try StoreFixture(at: fixture.path)
        try await step(0, later, 7)
        later.store.close()
        _ = try findings(later.path, repairs: true)
        #expect(try findings(later.path).isEmpty)
    }

    /// One of the things that may become of an upload, or that may make one: whatever fits its state.
    private func step(_ number: UInt64, _ fixture: StoreFixture, _ way: Int) async throws {
        let owner = UsageTests.owners[Int(number % 3)]
        var upload = Upload.sample(number, length: way % 2 == 0 ? 1000 : nil)
        if way == 5 { upload.concatenation = Concatenation(.partial, text: "partial") }
        var claim = try await fixture.store.claim(upload.id, for: owner, onFence: {})
        claim.limits = OwnerLimits(bytesMax: 1 << 40, filesMax: 1000, openMax: 1000)
        switch (claim.upload?.state, way) {
        case (nil, 0...2):
            try await claim.create(upload, isDurable: way == 0)
            claim.release()
        case (nil, 3):
            upload.length = 100
            try await claim.create(upload)
            var permit = try await claim.permit(at: .zero)
            await permit.appendWhole(100, of: upload.id)
            _ = try await permit.finish(length: 100)
        case (nil, _):
            upload.length = nil
            try await claim.create(upload)
            var permit = try await claim.permit(at: .zero)
            await permit.append(300, of: upload.id)
            if way == 7 { _ = try await permit.finish(length: 300) } else { _ = try await permit.settle() }
        case (.open?, 0):
            let offset = claim.upload?.offset ?? .zero
            let room = (claim.upload?.length ?? .max) - offset.bytes
            var permit = try await claim.permit(at: offset)
            await permit.append(Int(min(100, room)), of: upload.id)
            _ = try await permit.settle()
        case (.open?, 1) where claim.upload?.length == nil:
            let offset = claim.upload?.offset ?? .zero
            try claim.setLength(offset.bytes + 50)
            _ = try await claim.permit(at: offset).settle()
        case (.open?, 2): try await claim.invalidate()
        case (.open?, 3), (.failed?, 3): try await claim.expire()
        case (_, 4): try await claim.delete()
        case (.finished?, 5): claim.release()
        default:
            try await claim.restart(upload)
            claim.release()
        }
    }
}
