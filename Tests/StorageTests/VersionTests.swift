import Foundation
import Synchronization
import TestSupport
import Testing
import Uploads

@testable import Storage

/// What programs of different ages do with one directory: an older directory is read and carried over, a newer one is
/// refused. `Versions` has a directory that each released version wrote (`Versions/write`).
@Suite struct VersionTests {
    /// What each released version of the catalogue brought. This never changes: a new word, or column, is a new version
    /// at the end of `CatalogueVersion.all`, and gets its line here when it is released.
    private static let released: [(words: Set<String>, columns: [String])] = [
        (
            [
                "dialect file-id", "dialect plain", "dialect tus", "dialect ietf", "state 0", "state 1", "state 2",
                "state 3", "cleanup 0", "cleanup 1", "cleanup 2", "concatenation partial", "concatenation final",
            ], []
        ),
        ([], ["journal"]),
        ([], ["epoch"]),
        ([], ["owner", "older_name"]),
    ]

    @Test func `a word that may be stored has a version of the catalogue that brought it, and one only`() {
        let told = CatalogueVersion.all.flatMap(\.words)
        for word in CatalogueWord.allCases where !told.contains(word) {
            Issue.record("\(word): add a version with it at the end of CatalogueVersion.all, or older programs trip")
        }
        #expect(Set(told).count == told.count && told.count == CatalogueWord.allCases.count)
    }

    @Test(arguments: CatalogueWord.allCases)
    func `a word that may be stored can be read back, by programs too that do not know it`(word: CatalogueWord) throws {
        let text = try #require(word.description.split(separator: " ").last)
        let isPossible = Int64(text).map { CatalogueWord.isPossible($0) } ?? CatalogueWord.isPossible(text)
        #expect(isPossible, "\(word): rows with it would be damage, see CatalogueWord.isPossible")
    }

    @Test func `what a released version brought stays as it is, so that a new word raises the version`() {
        #expect(
            CatalogueVersion.all.count >= VersionTests.released.count,
            "a released version is gone from CatalogueVersion.all: directories that it wrote would be refused")
        for (number, (version, released)) in zip(CatalogueVersion.all, VersionTests.released).enumerated() {
            let added = Set(version.words.map(\.description)).subtracting(released.words).sorted()
            #expect(added == [], "version \(number + 1) is released: add a version for what is new")
            #expect(version.words.count == released.words.count, "version \(number + 1) has lost a word")
            #expect(version.columns.map(\.name) == released.columns, "version \(number + 1)")
        }
    }

    @Test func `every version but the newest is released, and each released one has left a directory`() throws {
        #expect(
            VersionTests.released.count >= CatalogueVersion.all.count - 1,
            "a version before the newest has no line in `released`: it was released, or is none of its own yet")
        for number in 1...VersionTests.released.count {
            let path = VersionTests.folder.appending(path: "v\(number)/catalogue.sqlite").path
            #expect(FileManager.default.fileExists(atPath: path), "write it by Tests/StorageTests/Versions/write")
        }
    }

    @Test(arguments: 1...released.count)
    func `the directory of a released version is sound, and a check leaves it as it is`(version: Int) throws {
        let directory = try copy(of: version)
        let before = try everyFile(below: directory.path)
        let records = try records(of: version)
        let check = StoreCheck(path: directory.path + "/data", repairs: false) { Issue.record("\($0)") }
        let summary = try check.run()
        #expect(summary.isSound && summary.records == records.count)
        #expect(try everyFile(below: directory.path) == before)
    }

    @Test(arguments: 1...released.count)
    func `the directory of a released version is served, and its uploads are gone on with`(version: Int) async throws {
        let directory = try copy(of: version)
        var events = EventsConfiguration()
        events.targets = [EventTarget(name: "a")]
        let fixture = try StoreFixture(in: directory, events: events)
        for record in try records(of: version) {
            let upload = try #require(try await fixture.store.fencedUpload(record.id))
            #expect(upload.dialect.rawValue == record.dialect && upload.offset == record.offset)
            #expect(upload.owner.map { "\($0)" } == record.owner)
            #expect((upload.state == .finished) == (record.name != "-"))
            if let finished = try await fixture.finishedFile(record.id) {
                #expect(finished.name.description == record.name && finished.length == record.offset.bytes)
            }
        }
        let open = try #require(try records(of: version).first { $0.dialect == "file-id" })
        var permit = try await fixture.claim(open.id).permit(at: open.offset)
        await permit.append(5, of: open.id)
        _ = try await permit.finish(length: 12)
        // Only what has happened since is told.
        let outbox = try #require(fixture.store.outbox)
        #expect(
            try await eventually {
                let told = try await outbox.events(for: outbox.targets[0].id, after: 0, upTo: .max, limit: 100)
                return told.filter { $0.upload == open.id }.map(\.kind) == [.finished]
                    && told.allSatisfy { $0.upload == open.id || $0.dialect == .plain }
            })
        fixture.store.close()
        let number = try Catalogue.integer(at: fixture.path, "PRAGMA user_version")
        #expect(number == CatalogueSchema.version)
        let findings = Mutex<[CheckFinding]>([])
        let check = StoreCheck(path: fixture.path, repairs: false) { finding in
            findings.withLock { $0.append(finding) }
        }
        #expect(try check.run().isSound, "\(findings.withLock { $0 })")
    }

    @Test func `a newer catalogue is refused also where it is damaged, by check and repair too`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(.sample(1), bytes: 10)
        fixture.store.close()
        try Catalogue.execute(at: fixture.path, "PRAGMA user_version = 1000; PRAGMA wal_checkpoint(TRUNCATE)")
        // The schema, behind the header of the first page.
        let file = try #require(FileHandle(forUpdatingAtPath: "\(fixture.path)/catalogue.sqlite"))
        try file.seek(toOffset: 100)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 3996))
        try file.close()
        let before = try everyFile(below: fixture.path)
        for repairs in [false, true] {
            let failure = #expect(throws: StorageError.self) {
                try StoreCheck(path: fixture.path, repairs: repairs) { Issue.record("\($0)") }.run()
            }
            #expect(failure?.code == "catalogue-incompatible")
        }
        let failure = #expect(throws: StorageError.self) {
            try LocalStore.open(StoreConfiguration(path: fixture.path)).close()
        }
        #expect(failure?.code == "catalogue-incompatible")
        #expect(try everyFile(below: fixture.path) == before)
    }

    // MARK: Directories

    private struct Record {
        let id: UploadID
        let dialect: String
        let offset: Offset
        /// Of the finished file, `-` for none.
        let name: String
        /// Nil where the upload is nobody's, as all were before version 4.
        let owner: String?
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Versions")

    private func records(of version: Int) throws -> [Record] {
        let path = VersionTests.folder.appending(path: "v\(version)/records")
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return Record(
                id: try #require(UploadID(words[0])), dialect: String(words[1]),
                offset: Offset(try #require(Int64(words[3]))), name: String(words[4]),
                owner: words.dropFirst(5).first.flatMap { $0 == "-" ? nil : String($0) })
        }
    }

    /// The directory of a version as `data` in a folder of its own.
    private func copy(of version: Int) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let data = directory.path + "/data"
        try FileManager.default.copyItem(
            atPath: VersionTests.folder.appending(path: "v\(version)").path, toPath: data)
        try FileManager.default.removeItem(atPath: "\(data)/records")
        return directory
    }
}

/// Every file below a path, with its content.
func everyFile(below path: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
        files[name] = FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data()
    }
    return files
}
