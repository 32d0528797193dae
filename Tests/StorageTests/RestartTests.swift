import Foundation
import Storage
import TestSupport
import Testing
import Uploads

/// A client begins its upload anew (file-id dialect), before or after the file was delivered, and the server crashes at
/// every step of it.
@Suite struct RestartTests {
    private let old = Upload.sample(1, length: 6000, name: "old.bin")

    /// The second attempt: the same length, so that a length proves nothing, and maybe the same name.
    private func second(_ name: String) -> Upload { Upload.sample(1, length: 6000, name: name) }

    private func delivered() async throws -> StoreFixture {
        let fixture = try StoreFixture()
        var claim = try await fixture.claim(old.id)
        try await claim.create(old)
        var permit = try await claim.permit(at: .zero)
        await permit.append(6000, of: UploadID(high: 0, low: 99))
        _ = try await permit.finish(length: 6000)
        return fixture
    }

    private var oldBytes: [UInt8] { Pattern.bytes(UploadID(high: 0, low: 99), 6000) }

    @Test func `an open upload that is restarted forgets its bytes`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(old, bytes: 5000)
        var claim = try await fixture.claim(old.id)
        try await claim.restart(old)
        #expect(fixture.contents(fixture.dataPath(old.id)) == [])
        var permit = try await claim.permit(at: .zero)
        await permit.append(6000, of: old.id)
        _ = try await permit.finish(length: 6000)
        #expect(fixture.contents(fixture.finishedPath(old.id, "old.bin")) == Pattern.bytes(old.id, 6000))
    }

    @Test func `one that waits changes nothing before its first byte`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(old, bytes: 5000)
        var claim = try await fixture.claim(old.id)
        try await claim.restart(second("new.bin"), waits: true)
        let empty = try await claim.permit(at: .zero).settle()
        #expect(empty.offset == Offset(5000) && empty.name == old.name)
        claim = try await fixture.claim(old.id)
        try await claim.restart(second("new.bin"), waits: true)
        _ = try await claim.permit(at: .zero).discard()
        #expect(fixture.contents(fixture.dataPath(old.id)) == Pattern.bytes(old.id, 5000))
        claim = try await fixture.claim(old.id)
        try await claim.restart(second("new.bin"), waits: true)
        var permit = try await claim.permit(at: .zero)
        #expect(try await fixture.store.snapshot(of: old.id)?.offset == Offset(5000))
        await permit.append(100, of: UploadID(high: 0, low: 98))
        #expect(try await fixture.store.snapshot(of: old.id)?.offset == .zero)
        #expect(try await permit.settle().name == CleanName("new.bin"))
        #expect(fixture.contents(fixture.dataPath(old.id)) == Pattern.bytes(UploadID(high: 0, low: 98), 100))
    }

    @Test(arguments: [0, 6000])
    func `one that waits leaves a finished file alone, and ends with an empty one too`(length: Int) async throws {
        let fixture = try await delivered()
        let again = Upload.sample(1, length: Int64(length), name: "new.bin")
        var claim = try await fixture.claim(old.id)
        try await claim.restart(again, waits: true)
        _ = try await claim.permit(at: .zero).settle()
        #expect(try await fixture.store.snapshot(of: old.id)?.state == .finished)
        #expect(try await fixture.store.fencedUpload(old.id)?.finished?.name == CleanName("old.bin"))
        claim = try await fixture.claim(old.id)
        try await claim.restart(again, waits: true)
        var permit = try await claim.permit(at: .zero)
        await permit.append(length, of: old.id)
        let finished = try await permit.finish(length: Int64(length))
        #expect(finished.finished?.name == CleanName("new.bin"))
        #expect(fixture.contents(fixture.finishedPath(old.id, "new.bin")) == Pattern.bytes(old.id, length))
        #expect(!fixture.exists(fixture.finishedPath(old.id, "old.bin")))
    }

    @Test(arguments: ["old.bin", "new.bin"])
    func `the delivered file stays until the new one takes its place`(name: String) async throws {
        let fixture = try await delivered()
        var claim = try await fixture.claim(old.id)
        try await claim.restart(second(name))
        #expect(claim.upload?.finished?.name == CleanName("old.bin"))
        var permit = try await claim.permit(at: .zero)
        await permit.append(6000, of: old.id)
        #expect(fixture.contents(fixture.finishedPath(old.id, "old.bin")) == oldBytes)
        #expect(try await fixture.finishedFile(old.id)?.length == 6000)
        let finished = try await permit.finish(length: 6000)
        #expect(finished.finished?.name == CleanName(name))
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(fixture.path)/complete/\(old.id)")
        #expect(left == [name], "the older name is gone")
        #expect(fixture.contents(fixture.finishedPath(old.id, name)) == Pattern.bytes(old.id, 6000))
        let crashed = try fixture.crashed()
        #expect(try await crashed.store.snapshot(of: old.id) == finished)
    }

    @Test(
        .enabled(if: Immovable.isAvailable, "only root on ext4 or the like can make a file immovable"),
        arguments: [false, true])
    func `no older file is forgotten, however often the upload begins anew`(isDeleted: Bool) async throws {
        let fixture = try await delivered()
        let stuck = try Immovable(fixture.finishedPath(old.id, "old.bin"))
        for name in ["second.bin", "third.bin"] {
            var claim = try await fixture.claim(old.id)
            try await claim.restart(second(name))
            var permit = try await claim.permit(at: .zero)
            await permit.append(6000, of: old.id)
            #expect(try await permit.finish(length: 6000).finished?.name == CleanName(name))
        }
        if isDeleted { try await fixture.claim(old.id).delete() }
        #expect(fixture.exists(fixture.finishedPath(old.id, "old.bin")))
        stuck.release()
        let kept = isDeleted ? [] : ["third.bin"]
        let folder = "\(fixture.path)/complete/\(old.id)"
        let isClean = await eventually {
            (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] == kept
        }
        #expect(isClean, "all that it was delivered as before is removed when it can be")
    }

    @Test func `a crash before the restart is recorded leaves the delivered file alone`() async throws {
        let fixture = try await delivered()
        let crashed = try fixture.crashed {
            try place([], at: "\($0)/uploads/\(old.id)")
        }
        #expect(await crashed.sweptFiles() == 1)
        #expect(try await crashed.store.snapshot(of: old.id)?.state == .finished)
        #expect(crashed.contents(crashed.finishedPath(old.id, "old.bin")) == oldBytes)
    }

    @Test(arguments: ["old.bin", "new.bin"])
    func `a crash after the restart is recorded does not take the old file for the new one`(name: String) async throws {
        let fixture = try await delivered()
        var claim = try await fixture.claim(old.id)
        try await claim.restart(second(name))
        let crashed = try fixture.crashed()
        let found = try #require(try await crashed.store.fencedUpload(old.id))
        #expect(found.state == .open && found.offset == .zero)
        #expect(try await crashed.finishedFile(old.id)?.name == CleanName("old.bin"))
        #expect(crashed.contents(crashed.finishedPath(old.id, "old.bin")) == oldBytes)
        claim.release()
    }

    @Test(arguments: ["old.bin", "new.bin"])
    func `a crash after the new file's rename records it as finished`(name: String) async throws {
        let fixture = try await delivered()
        var claim = try await fixture.claim(old.id)
        try await claim.restart(second(name))
        var permit = try await claim.permit(at: .zero)
        await permit.append(6000, of: old.id)
        _ = try await permit.settle()
        let crashed = try fixture.crashed { path in
            let target = "\(path)/complete/\(old.id)/\(name)"
            try? FileManager.default.removeItem(atPath: target)
            try FileManager.default.moveItem(atPath: "\(path)/uploads/\(old.id)", toPath: target)
            try place([1], at: "\(path)/complete/\(old.id)/notes.txt")
        }
        let found = try #require(try await crashed.store.fencedUpload(old.id))
        #expect(found.state == .finished && found.finished?.name == CleanName(name))
        #expect(try delivered(in: crashed) == [name, "notes.txt"].sorted(), "the owner's file is there")
        #expect(crashed.contents(crashed.finishedPath(old.id, name)) == Pattern.bytes(old.id, 6000))
    }

    @Test(arguments: ["older.bin", "old.bin", "gone.bin"])
    func `a crash before the older file is removed is made good, and takes nothing else away`(older: String)
        async throws
    {
        let fixture = try await delivered()
        let crashed = try fixture.crashed { path in
            for name in ["older.bin", "notes.txt"] { try place([1], at: "\(path)/complete/\(old.id)/\(name)") }
            try Catalogue.execute(at: path, "UPDATE uploads SET cleanup = 2, older_name = '\(older)'")
        }
        let kept = older == "older.bin" ? ["notes.txt", "old.bin"] : ["notes.txt", "old.bin", "older.bin"]
        #expect(try delivered(in: crashed) == kept)
        let left = "SELECT count(*) FROM uploads WHERE cleanup != 0 OR older_name IS NOT NULL"
        #expect(try Catalogue.integer(at: crashed.path, left) == 0)
        #expect(try await crashed.store.snapshot(of: old.id)?.state == .finished)
    }

    @Test func `what an older program has left to be removed stays, since it did not say what`() async throws {
        let fixture = try await delivered()
        let crashed = try fixture.crashed { path in
            try place([1], at: "\(path)/complete/\(old.id)/older.bin")
            try Catalogue.makeOlder(at: path, version: 2)
            try Catalogue.execute(at: path, "UPDATE uploads SET cleanup = 2")
        }
        #expect(try delivered(in: crashed) == ["old.bin", "older.bin"])
        #expect(crashed.events.contains(.strangerKept("complete/\(old.id)")))
        #expect(try Catalogue.integer(at: crashed.path, "SELECT count(*) FROM uploads WHERE cleanup != 0") == 0)
    }

    @Test func `the record names the older file until that is removed`() async throws {
        let fixture = try await delivered()
        var claim = try await fixture.claim(old.id)
        try await claim.restart(second("new.bin"))
        var permit = try await claim.permit(at: .zero)
        await permit.append(6000, of: old.id)
        try Catalogue.execute(
            at: fixture.path,
            """
            CREATE TABLE said (cleanup, older_name);
            CREATE TRIGGER said AFTER UPDATE ON uploads BEGIN
                INSERT INTO said VALUES (NEW.cleanup, NEW.older_name);
            END
            """)
        _ = try await permit.finish(length: 6000)
        let named = "SELECT count(*) FROM said WHERE cleanup = 2 AND older_name = 'old.bin'"
        #expect(try Catalogue.integer(at: fixture.path, named) == 1)
        #expect(try Catalogue.integer(at: fixture.path, "SELECT cleanup FROM uploads") == 0)
    }

    /// What is in the upload's directory, in the order of the names.
    private func delivered(in fixture: StoreFixture) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(fixture.path)/complete/\(old.id)").sorted()
    }

    @Test func `a crash in the middle of a deletion is made good at the start`() async throws {
        let fixture = try await delivered()
        let crashed = try fixture.crashed { try Catalogue.execute(at: $0, "UPDATE uploads SET cleanup = 1") }
        #expect(try await crashed.store.snapshot(of: old.id) == nil)
        #expect(!crashed.exists("\(crashed.path)/complete/\(old.id)"))
        #expect(try Catalogue.integer(at: crashed.path, "SELECT count(*) FROM uploads") == 0)
    }

    @Test func `a failed upload may be restarted`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(old, bytes: 5000)
        let crashed = try fixture.crashed { try FileManager.default.removeItem(atPath: "\($0)/uploads/\(old.id)") }
        var claim = try await crashed.claim(old.id)
        #expect(claim.upload?.state == .failed)
        try await claim.restart(old)
        var permit = try await claim.permit(at: .zero)
        await permit.append(6000, of: old.id)
        #expect(try await permit.finish(length: 6000).state == .finished)
    }
}
