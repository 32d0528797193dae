import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// What `sluice check` finds in a directory that was damaged on purpose, and what a repair makes of it.
@Suite struct CheckTests {
    private let open = Upload.sample(1, length: 20_000, name: "open.bin")
    private let whole = Upload.sample(2, length: 3000, name: "whole.bin")

    /// A closed directory with one open upload (5,000 bytes) and one finished file.
    private func directory() async throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory)
        try await fixture.create(open, bytes: 5000)
        try await fixture.finish(whole, bytes: 3000)
        fixture.store.close()
        return directory
    }

    private func check(
        _ directory: TemporaryDirectory, repairs: Bool = false
    ) throws -> (summary: CheckSummary, findings: [CheckFinding]) {
        let findings = Mutex<[CheckFinding]>([])
        let check = StoreCheck(path: directory.path + "/data", repairs: repairs) { finding in
            findings.withLock { $0.append(finding) }
        }
        let summary = try check.run()
        return (summary, findings.withLock { $0 })
    }

    @Test func `a sound directory is sound, and a check changes nothing`() async throws {
        let directory = try await directory()
        let (summary, findings) = try check(directory)
        #expect(summary.isSound && findings.isEmpty)
        #expect(summary.records == 2 && summary.open == 1 && summary.finished == 1)
        let again = try StoreFixture(in: directory)
        #expect(try await again.store.fencedUpload(open.id)?.offset == Offset(5000))
    }

    @Test func `a directory in use is not checked`() async throws {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory)
        #expect(throws: StorageError.directoryInUse(fixture.path)) { try check(directory) }
    }

    @Test func `a directory that is none is not made into one`() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: StorageError.self) { try check(directory, repairs: true) }
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/data"))
    }

    @Test func `an upload with fewer bytes than acknowledged is damage, and a repair fails it`() async throws {
        let directory = try await directory()
        let file = try #require(FileHandle(forWritingAtPath: "\(directory.path)/data/uploads/\(open.id)"))
        try file.truncate(atOffset: 4999)
        try file.close()
        let (found, findings) = try check(directory)
        #expect(found.damages == 1 && findings.map(\.upload) == [open.id] && findings[0].severity == .damage)
        #expect(findings[0].text.contains("5000 bytes were acknowledged, 4999 are there"))
        let (repaired, _) = try check(directory, repairs: true)
        #expect(repaired.isSound && repaired.repairs == 1 && repaired.records == 2 && repaired.open == 0)
        let again = try StoreFixture(in: directory)
        #expect(try await again.store.fencedUpload(open.id)?.state == .failed)
    }

    @Test func `a finished file that its owner took away is no damage`() async throws {
        let directory = try await directory()
        try FileManager.default.removeItem(atPath: "\(directory.path)/data/complete/\(whole.id)/whole.bin")
        let (summary, findings) = try check(directory)
        #expect(summary.isSound && findings.map(\.severity) == [.note] && findings[0].upload == whole.id)
    }

    @Test func `without a catalogue a repair records the finished files and sets the other bytes aside`() async throws {
        let directory = try await directory()
        let data = directory.path + "/data"
        try FileManager.default.removeItem(atPath: "\(data)/catalogue.sqlite")
        #expect(try check(directory).summary.damages == 1)
        let (summary, _) = try check(directory, repairs: true)
        #expect(summary.isSound && summary.repairs == 3)
        #expect(summary.records == 1 && summary.open == 0 && summary.finished == 1)
        let set = try Data(contentsOf: URL(filePath: "\(data)/lost/\(open.id)"))
        #expect([UInt8](set) == Pattern.bytes(open.id, 5000))
        let again = try StoreFixture(in: directory)
        #expect(try await again.finishedFile(whole.id)?.length == 3000)
        #expect(try await again.store.fencedUpload(open.id) == nil)
    }

    @Test func `bytes without a record are no damage, and a repair keeps them from the sweep`() async throws {
        let directory = try await directory()
        let (data, id) = (directory.path + "/data", Upload.sample(9).id)
        try place(Array("stray".utf8), at: "\(data)/uploads/\(id)")
        try place(Array("older".utf8), at: "\(data)/lost/\(id)")
        #expect(try check(directory).findings.map(\.severity) == [.note])
        let (summary, findings) = try check(directory, repairs: true)
        #expect(summary.isSound && summary.repairs == 0 && findings.map(\.severity) == [.note])
        #expect(FileManager.default.contents(atPath: "\(data)/lost/\(id).2") == Data("stray".utf8))
        #expect(FileManager.default.contents(atPath: "\(data)/lost/\(id)") == Data("older".utf8))
    }

    @Test func `a repair keeps the good bytes of a short upload from the sweep`() async throws {
        let directory = try await directory()
        let data = directory.path + "/data"
        let file = try #require(FileHandle(forWritingAtPath: "\(data)/uploads/\(open.id)"))
        try file.truncate(atOffset: 4000)
        try file.close()
        #expect(try check(directory, repairs: true).summary.isSound)
        let again = try StoreFixture(in: directory)
        _ = await again.sweptFiles()
        let kept = try #require(FileManager.default.contents(atPath: "\(data)/lost/\(open.id)"))
        #expect([UInt8](kept) == Pattern.bytes(open.id, 4000))
    }

    @Test func `the sweep leaves the bytes of a damaged upload alone`() async throws {
        let directory = try await directory()
        let path = "\(directory.path)/data/uploads/\(open.id)"
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 4000)
        try file.close()
        do {
            let fixture = try StoreFixture(in: directory)
            #expect(try await fixture.store.snapshot(of: open.id)?.state == .failed)
            fixture.store.close()
        }
        let again = try StoreFixture(in: directory)
        #expect(await again.sweptFiles() == 0)
        #expect(again.contents(path)?.count == 4000)
    }

    @Test(arguments: [1, 2, 3])
    func `a check makes, changes and removes no file, also of an older version's directory`(
        version: Int
    ) async throws {
        let directory = try await directory()
        let data = directory.path + "/data"
        if version < 3 { try Catalogue.makeOlder(at: data, version: version) }
        try place([1], at: "\(data)/uploads/\(Upload.sample(9).id)")
        let before = try everyFile(below: data)
        #expect(try check(directory).summary.isSound)
        #expect(try everyFile(below: data) == before)
    }

    @Test func `a catalogue of a newer version is refused, and stays as it is`() async throws {
        let directory = try await directory()
        let data = directory.path + "/data"
        try Catalogue.execute(at: data, "PRAGMA user_version = 1000; PRAGMA wal_checkpoint(TRUNCATE)")
        let before = try everyFile(below: data)
        for repairs in [false, true] {
            let failure = #expect(throws: StorageError.self) { try check(directory, repairs: repairs) }
            #expect(failure?.code == "catalogue-incompatible")
            #expect(failure?.description.contains("1000") == true)
        }
        #expect(throws: StorageError.self) { try StoreFixture(in: directory) }
        #expect(try everyFile(below: data) == before)
    }

    @Test func `a row that nobody understands is set aside by a repair`() async throws {
        let directory = try await directory()
        let data = directory.path + "/data"
        try Catalogue.execute(at: data, "UPDATE uploads SET dialect = 'No such!' WHERE state = 1")
        #expect(try check(directory).summary.damages > 0)
        #expect(try check(directory, repairs: true).summary.isSound)
        let kept = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'lost_rows%'"
        #expect(try Catalogue.integer(at: data, kept) == 1)
    }

    @Test func `what the owner has put beside a finished file is told of`() async throws {
        let directory = try await directory()
        try place([1], at: "\(directory.path)/data/complete/\(whole.id)/unpacked/a")
        let (summary, findings) = try check(directory)
        #expect(summary.isSound && findings.map(\.severity) == [.note])
        #expect(findings.first?.text.contains("/unpacked ") == true)
    }

    @Test func `an index that disagrees with its table is made anew, and no record is lost`() async throws {
        let directory = try await directory()
        let data = directory.path + "/data"
        // An index that was filled by another rule than the one it has.
        func setRule(_ from: String, _ to: String) -> String {
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '\(from)', '\(to)') "
                + "WHERE name = 'uploads_by_expiry'"
        }
        try Catalogue.execute(at: data, setRule("expires IS NOT NULL", "expires IS NULL"))
        try Catalogue.execute(at: data, "REINDEX")
        try Catalogue.execute(at: data, setRule("expires IS NULL", "expires IS NOT NULL"))
        #expect(try check(directory).summary.damages > 0)
        let (summary, findings) = try check(directory, repairs: true)
        #expect(summary.isSound && findings.allSatisfy { $0.text.contains("indexes anew") })
        #expect(summary.records == 2)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `a catalogue with pages of rubbish is detected, and its readable records survive a repair`(
        seed: UInt64
    ) async throws {
        let directory = try TemporaryDirectory()
        let uploads = (1...300).map { Upload.sample(UInt64($0), length: 100, name: "\($0).bin") }
        let fixture = try StoreFixture(in: directory)
        for upload in uploads.dropLast(20) {
            var claim = try await fixture.claim(upload.id)
            try await claim.create(upload)
            claim.release()
        }
        for upload in uploads.suffix(20) { try await fixture.finish(upload, bytes: 100) }
        fixture.store.close()
        var random = SeededGenerator(seed: seed)
        let pages = try overwritePages(of: directory.path + "/data/catalogue.sqlite", using: &random)
        #expect(try check(directory).summary.damages > 0, "pages \(pages)")
        let (summary, findings) = try check(directory, repairs: true)
        #expect(summary.isSound && summary.repairs > 0, "pages \(pages): \(findings)")
        let again = try check(directory)
        #expect(again.summary.isSound, "pages \(pages): \(again.findings)")
        let repaired = try StoreFixture(in: directory)
        for upload in uploads.suffix(20) {
            #expect(try await repaired.finishedFile(upload.id)?.length == 100, "pages \(pages), \(upload.name)")
        }
    }

    @Test func `a damaged catalogue is noticed after the start, and takes no more changes`() async throws {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory)
        for number in 1...300 as ClosedRange<UInt64> {
            let upload = Upload.sample(number, length: 100, name: "\(number).bin")
            var claim = try await fixture.claim(upload.id)
            try await claim.create(upload)
            claim.release()
        }
        fixture.store.close()
        let path = directory.path + "/data/catalogue.sqlite"
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: 4096 * 5)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try file.close()
        let again = try StoreFixture(in: directory)
        let text = await again.catalogueFailure()
        #expect(text.contains("sluice check"))
        var claim = try await again.claim(Upload.sample(1000).id)
        await #expect(throws: StorageError.self) { try await claim.create(Upload.sample(1000, length: 1, name: "x")) }
        claim.release()
    }

    private func overwritePages(
        of path: String, using random: inout SeededGenerator
    ) throws -> [UInt64] {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        let count = try file.seekToEnd() / 4096
        // Page 1 holds the schema: without it no record can be read, which another test covers.
        let pages = (0..<Int.random(in: 1...3, using: &random)).map { _ in UInt64.random(in: 1..<count, using: &random)
        }
        for page in pages {
            try file.seek(toOffset: page * 4096)
            try file.write(contentsOf: Data((0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
        try file.close()
        return pages
    }
}
