import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// Rows with a word that only a newer program knows, as one leaves them that forgot to raise its version: no damage.
/// They are kept, with their files, until that program is back.
@Suite struct NewerRecordTests {
    private static let words = [
        "dialect = 'no-word-of-ours'", "state = 9", "cleanup = 7", "concatenation = 'folder a' || char(10) || 'words'",
    ]

    private let open = Upload.sample(1, length: 20_000, name: "open.bin")
    private let whole = Upload.sample(2, length: 3000, name: "whole.bin")

    /// A closed directory with an open upload (5,000 bytes) and a finished one, both with a newer word.
    private func directory(_ word: String) async throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory)
        try await fixture.create(open, bytes: 5000)
        try await fixture.finish(whole, bytes: 3000)
        fixture.store.close()
        try Catalogue.execute(
            at: fixture.path,
            """
            CREATE TABLE before AS SELECT * FROM uploads;
            UPDATE uploads SET expires = 1, \(word);
            PRAGMA wal_checkpoint(TRUNCATE)
            """)
        return directory
    }

    /// The newer program is back: its words mean something again.
    private func back(_ data: String) throws {
        try Catalogue.execute(
            at: data,
            """
            UPDATE uploads SET (dialect, state, cleanup, concatenation, expires)
                = (SELECT dialect, state, cleanup, concatenation, expires FROM before WHERE before.id = uploads.id)
            """)
    }

    private func expectEverything(in directory: TemporaryDirectory) async throws {
        try back(directory.path + "/data")
        let fixture = try StoreFixture(in: directory)
        #expect(try await fixture.store.fencedUpload(open.id)?.offset == Offset(5000))
        #expect(fixture.contents(fixture.dataPath(open.id)) == Pattern.bytes(open.id, 5000))
        #expect(fixture.contents(fixture.finishedPath(whole.id, "whole.bin")) == Pattern.bytes(whole.id, 3000))
    }

    @Test(arguments: words)
    func `requests for it are refused with a code of their own, and no sweep touches it`(word: String) async throws {
        let directory = try await directory(word)
        do {
            let fixture = try StoreFixture(in: directory, forgetSeconds: 1, wallSeconds: { 1_800_000_000 })
            for upload in [open, whole] {
                let refusal = StorageError.newerRecord(upload.id)
                await #expect(throws: refusal) { try await fixture.store.snapshot(of: upload.id) }
                await #expect(throws: refusal) { try await fixture.store.fencedUpload(upload.id) }
                await #expect(throws: refusal) { try await fixture.store.progress(of: upload.id) }
                await #expect(throws: refusal) { try await fixture.claim(upload.id).release() }
                await #expect(throws: refusal) { _ = try await fixture.finishedFile(upload.id) }
                #expect(refusal.code == "newer-record")
            }
            #expect(await fixture.sweptFiles() == 0)
            fixture.store.close()
            let troubles = fixture.events.filter { event in
                switch event {
                case .sweepFailed, .forgettingFailed, .removalFailed, .catalogueFailed, .damaged: true
                default: false
                }
            }
            #expect(troubles.isEmpty)
        }
        try await expectEverything(in: directory)
    }

    @Test(arguments: words, [false, true])
    func `it is no damage to a check, and a repair leaves it and its files alone`(
        word: String, repairs: Bool
    ) async throws {
        let directory = try await directory(word)
        let data = directory.path + "/data"
        let rows = "SELECT count(*) FROM uploads WHERE expires = 1 AND \(word.replacing(" = ", with: " IS "))"
        try check(data, repairs: repairs)
        #expect(try Catalogue.integer(at: data, rows) == 2)
        #expect(!FileManager.default.fileExists(atPath: "\(data)/lost"))
        try await expectEverything(in: directory)
    }

    @Test func `it goes over into a catalogue that is made anew`() async throws {
        let directory = try await directory("dialect = 'no-word-of-ours'")
        let data = directory.path + "/data"
        // The rows are on the second page. Of two indexes and a table behind it nothing can be read.
        let file = try #require(FileHandle(forUpdatingAtPath: "\(data)/catalogue.sqlite"))
        try file.seek(toOffset: 2 * 4096)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try file.close()
        let check = StoreCheck(path: data, repairs: true) { _ in }
        let summary = try check.run()
        #expect(summary.isSound && summary.repairs > 0)
        #expect(FileManager.default.fileExists(atPath: "\(data)/catalogue.sqlite.damaged"))
        #expect(try Catalogue.integer(at: data, "SELECT count(*) FROM uploads WHERE dialect = 'no-word-of-ours'") == 2)
        #expect(try Catalogue.integer(at: data, "SELECT max(\"offset\") FROM uploads") == 5000)
        #expect(FileManager.default.fileExists(atPath: "\(data)/uploads/\(open.id)"))
    }

    private func check(_ data: String, repairs: Bool) throws {
        let findings = Mutex<[CheckFinding]>([])
        let summary = try StoreCheck(path: data, repairs: repairs) { finding in
            findings.withLock { $0.append(finding) }
        }.run()
        let found = findings.withLock { $0 }
        #expect(summary.isSound && summary.repairs == 0)
        #expect(Set(found.map(\.severity)) == [.note] && Set(found.map(\.upload)) == [open.id, whole.id])
        #expect(found.allSatisfy { $0.text.contains("newer program") })
    }
}
