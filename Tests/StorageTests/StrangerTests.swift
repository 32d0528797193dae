import Foundation
import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// Somebody else's files where the store would put its own: whoever looks after the machine may have them there.
@Suite(.timeLimit(.minutes(1))) struct StrangerTests {
    private let theirs = Array("what an operator has put there".utf8)

    /// How a file comes to its end.
    enum Way: CaseIterable {
        case large, small, journalled

        var durability: Durability { self == .journalled ? .power : .process }
    }

    private func finish(_ way: Way, _ fixture: StoreFixture) async throws -> Upload {
        if way == .large { return try await fixture.finish(.sample(1, length: 1000), bytes: 1000) }
        return try await fixture.finishSmall(1)
    }

    private func names(_ fixture: StoreFixture, _ id: UploadID) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: "\(fixture.path)/complete/\(id)"))
    }

    @Test(arguments: Way.allCases)
    func `a file that has the name already stays, and the record tells the other name`(way: Way) async throws {
        let fixture = try StoreFixture(durability: way.durability)
        let id = Upload.sample(1).id
        try place(theirs, at: fixture.finishedPath(id, "file.bin"))
        try place(theirs, at: fixture.finishedPath(id, "file (2).bin"))
        let finished = try await finish(way, fixture)
        #expect(finished.name == CleanName("file (3).bin") && finished.finished?.name == finished.name)
        #expect(try await fixture.finishedFile(id)?.name == finished.name)
        for name in ["file.bin", "file (2).bin"] { #expect(fixture.contents(fixture.finishedPath(id, name)) == theirs) }
        #expect(fixture.contents(fixture.finishedPath(id, "file (3).bin")) == Pattern.bytes(id, 1000))
        let crashed = try fixture.crashed(durability: way.durability)
        #expect(try await crashed.store.snapshot(of: id) == finished)
        #expect(crashed.contents(crashed.finishedPath(id, "file.bin")) == theirs)
        try await crashed.claim(id).delete()
        #expect(try names(crashed, id) == ["file.bin", "file (2).bin"], "a deletion takes the upload's own")
    }

    @Test func `a folder of that name stays as well`() async throws {
        let fixture = try StoreFixture()
        let id = Upload.sample(1).id
        try place(theirs, at: fixture.finishedPath(id, "file.bin/notes"))
        #expect(try await finish(.large, fixture).finished?.name == CleanName("file (2).bin"))
        #expect(fixture.contents(fixture.finishedPath(id, "file.bin/notes")) == theirs)
    }

    @Test func `a joined file keeps away from it, too`() async throws {
        let fixture = try StoreFixture()
        let part = Upload.sample(2, length: 5000, name: "part")
        try await fixture.create(part, bytes: 5000)
        var whole = Upload.sample(1)
        whole.concatenation = Concatenation(.final([part.id]), text: "final;a")
        try place(theirs, at: fixture.finishedPath(whole.id, "file.bin"))
        var claim = try await fixture.claim(whole.id)
        try await claim.create(whole, isDurable: true)
        let done = try await claim.concatenate([part.id], of: try await fixture.store.pin([part.id]))
        #expect(done.finished?.name == CleanName("file (2).bin"))
        #expect(fixture.contents(fixture.finishedPath(whole.id, "file.bin")) == theirs)
        #expect(fixture.contents(fixture.finishedPath(whole.id, "file (2).bin")) == Pattern.bytes(part.id, 5000))
        #expect(try await fixture.store.snapshot(of: whole.id) == done)
    }

    @Test func `what is delivered again under its number replaces its own file alone`() async throws {
        let fixture = try StoreFixture()
        let id = Upload.sample(1).id
        try place(theirs, at: fixture.finishedPath(id, "file.bin"))
        _ = try await finish(.large, fixture)
        var claim = try await fixture.claim(id)
        try await claim.restart(.sample(1, length: 2000))
        var permit = try await claim.permit(at: .zero)
        await permit.append(2000, of: id)
        #expect(try await permit.finish(length: 2000).finished?.name == CleanName("file (2).bin"))
        #expect(try names(fixture, id) == ["file.bin", "file (2).bin"])
        #expect(fixture.contents(fixture.finishedPath(id, "file.bin")) == theirs)
        #expect(fixture.contents(fixture.finishedPath(id, "file (2).bin")) == Pattern.bytes(id, 2000))
    }

    @Test(arguments: [false, true])
    func `a small file that a crash kept from its name does not lose it to another`(isSwept: Bool) async throws {
        let fixture = try StoreFixture()
        let stored = try await fixture.finishSmall(1)
        let (id, theirs) = (stored.id, theirs)
        let crashed = try fixture.crashed { path in
            let file = "\(path)/complete/\(id)/file.bin"
            try FileManager.default.moveItem(atPath: file, toPath: "\(path)/uploads/\(id)")
            try place(theirs, at: file)
        }
        // Whoever comes first: the sweep, or somebody who asks.
        if isSwept { _ = await crashed.sweptFiles() }
        let isRenamed = await eventually {
            (try? await crashed.store.snapshot(of: id))?.name == CleanName("file (2).bin")
        }
        #expect(isRenamed)
        #expect(await eventually { crashed.exists(crashed.finishedPath(id, "file (2).bin")) })
        #expect(crashed.contents(crashed.finishedPath(id, "file (2).bin")) == Pattern.bytes(id, 1000))
        #expect(crashed.contents(crashed.finishedPath(id, "file.bin")) == theirs)
        #expect(try await crashed.finishedFile(id)?.length == 1000)
    }

    @Test(arguments: [false, true])
    func `what lies under the name of an upload without a byte is not its file`(isDeleted: Bool) async throws {
        let fixture = try StoreFixture()
        // Longer ago than that it cannot have been renamed: the upload began later.
        let upload = Upload(
            id: UploadID(high: 7, low: 1), dialect: .tus, length: isDeleted ? 30 : nil, name: CleanName("file.bin"),
            createdSeconds: 7_000_000_000)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload, isDurable: true)
        claim.release()
        let (id, theirs) = (upload.id, theirs)
        let crashed = try fixture.crashed { try place(theirs, at: "\($0)/complete/\(id)/file.bin") }
        #expect(try await crashed.store.fencedUpload(id)?.state == .open)
        if isDeleted { try await crashed.claim(id).delete() }
        #expect(crashed.contents(crashed.finishedPath(id, "file.bin")) == theirs)
    }

    @Test func `bytes of a second attempt that came to nothing are not taken for the file`() async throws {
        let fixture = try StoreFixture()
        let stored = try await fixture.finishSmall(1)
        var claim = try await fixture.claim(stored.id)
        try await claim.restart(.sample(1, length: 2000))
        var permit = try await claim.permit(at: .zero)
        await permit.append(1000, of: UploadID(high: 0, low: 99))
        _ = try await permit.settle()
        try await fixture.claim(stored.id).expire()
        let crashed = try fixture.crashed { path in
            // Its bytes could not be removed; and somebody has taken the file away.
            try place(Array(repeating: 1, count: 1000), at: "\(path)/uploads/\(stored.id)")
            try FileManager.default.removeItem(atPath: "\(path)/complete/\(stored.id)/file.bin")
        }
        #expect(await crashed.sweptFiles() == 1)
        #expect(try await crashed.finishedFile(stored.id) == nil)
        #expect(!crashed.exists(crashed.finishedPath(stored.id, "file.bin")))
    }

    @Test func `a file that its owner has changed is another content, and has its own length`() async throws {
        let fixture = try StoreFixture()
        let id = try await fixture.finishSmall(1).id
        let before = try #require(try await fixture.finishedFile(id))
        guard let reader = try await fixture.store.openFinished(id) else { throw CancellationError() }
        let path = URL(fileURLWithPath: fixture.finishedPath(id, "file.bin"))
        try Data(theirs).write(to: path, options: .atomic)
        let after = try #require(try await fixture.finishedFile(id))
        #expect(after.length == Int64(theirs.count) && after != before)
        let filled = await reader.read(into: AlignedBuffer(count: 4096)!, at: 0, count: 1000)
        #expect(filled.count == 1000, "who has the old one open reads that")
        // Written to in place, it is neither the one nor the other.
        guard let open = try await fixture.store.openFinished(id) else { throw CancellationError() }
        let handle = try FileHandle(forWritingTo: path)
        try handle.write(contentsOf: Data(repeating: 7, count: 100))
        let mixed = await open.read(into: AlignedBuffer(count: 4096)!, at: 0, count: 10)
        #expect(mixed.count == 0 && mixed.failure != nil)
    }
}
