import Foundation
import Storage
import TestSupport
import Testing
import Uploads

/// Rows with whatever a column can hold: each costs its own upload, and never the process. Seeded.
@Suite(.timeLimit(.minutes(2))) struct HostileRowTests {
    private static let numbers = ["\(Int64.min)", "-1", "0", "1", "1000", "\(Int64.max)"]
    private static let lengths = numbers + ["\(UploadLimits.lengthMax)", "\(UploadLimits.lengthMax + 1)"]
    private static let times =
        numbers + ["253402300799", "253402300800", "99999999999"]
    private static let texts = ["''", "'a'", "'../..'", "char(0)", "'a b'", "'\u{10FFFF}'"]

    /// Each column with what most rows have there, and with the extremes.
    private static let columns: [(name: String, usual: String, extremes: [String])] = [
        ("dialect", "'tus'", ["'file-id'", "'plain'", "'ietf'", "'no-word-of-ours'"] + texts),
        ("state", "0", ["1", "2", "3", "4", "256"] + numbers),
        ("\"offset\"", "0", lengths), ("length", "1000", lengths + ["NULL"]), ("name", "'a.txt'", texts),
        ("content_type", "NULL", texts), ("metadata", "NULL", texts), ("created", "1700000000", times),
        ("expires", "NULL", times), ("finished_name", "NULL", texts), ("finished_length", "NULL", lengths),
        ("finished_at", "NULL", times), ("cleanup", "0", ["1", "2", "3"] + numbers),
        ("concatenation", "NULL", ["'partial'", "'final ' || lower(hex(randomblob(16)))"] + texts),
        ("journal", "0", numbers),
        ("epoch", "1", numbers), ("owner", "NULL", texts), ("older_name", "NULL", texts),
    ]

    private static func row(_ number: Int, _ random: inout SeededGenerator) -> String {
        let values = columns.map { column in
            Int.random(in: 0..<4, using: &random) == 0
                ? column.extremes.randomElement(using: &random)! : column.usual
        }
        let id = "x'\(UploadID(high: 7, low: UInt64(number)))'"
        return """
            INSERT OR IGNORE INTO uploads (id, \(columns.map(\.name).joined(separator: ", ")))
            VALUES (\(id), \(values.joined(separator: ", ")));
            """
    }

    /// A closed directory with such rows.
    private func directory(_ seed: UInt64, rows count: Int) throws -> TemporaryDirectory {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        try StoreFixture(in: directory).store.close()
        let rows = (1...count).map { HostileRowTests.row($0, &random) }.joined(separator: "\n")
        let seen = HostileRowTests.times.randomElement(using: &random)!
        try Catalogue.execute(
            at: directory.path + "/data", "\(rows) INSERT OR REPLACE INTO clock VALUES (1, \(seen))")
        return directory
    }

    @Test(arguments: 1...8)
    func `whatever is in a row, the store answers for it, and a repair makes it sound`(seed: UInt64) async throws {
        let directory = try directory(seed, rows: 150)
        let expiry = ExpiryPolicy(idleSeconds: .max)
        let fixture = try StoreFixture(in: directory, expiry: expiry, forgetSeconds: 1)
        for number in UInt64(1)...150 {
            let id = UploadID(high: 7, low: number)
            _ = try? await fixture.store.snapshot(of: id)
            _ = try? await fixture.store.progress(of: id)
            _ = try? await fixture.finishedFile(id)
            do {
                var claim = try await fixture.claim(id)
                switch number % 4 {
                case 0: try await claim.delete()
                case 1: try await claim.expire()
                case 2: try await claim.restart(.sample(number, length: 10))
                default: try await claim.renew()
                }
            } catch {
                #expect(error is StorageError)
            }
        }
        _ = try await fixture.store.expiredUploads(at: .max, limit: 1000)
        try await fixture.finish(.sample(1000), bytes: 10)
        fixture.store.close()
        _ = try StoreCheck(path: fixture.path, repairs: false) { _ in }.run()
        _ = try StoreCheck(path: fixture.path, repairs: true) { _ in }.run()
        #expect(try StoreCheck(path: fixture.path, repairs: false) { _ in }.run().isSound)
        try StoreFixture(in: directory).store.close()
    }

    @Test(arguments: [
        "created = -1", "created = 253402300800", "expires = \(Int64.min)", "expires = \(Int64.max)",
        "finished_at = -1", "finished_at = \(Int64.min)",
    ])
    func `a time that can be none is damage, and a repair puts the row aside`(change: String) async throws {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory)
        try await fixture.finish(.sample(1), bytes: 10)
        fixture.store.close()
        let data = directory.path + "/data"
        try Catalogue.execute(at: data, "UPDATE uploads SET \(change)")
        do {
            let again = try StoreFixture(in: directory)
            await #expect(throws: StorageError.self) { try await again.store.snapshot(of: Upload.sample(1).id) }
            again.store.close()
        }
        #expect(try StoreCheck(path: data, repairs: false) { _ in }.run().damages > 0)
        #expect(try StoreCheck(path: data, repairs: true) { _ in }.run().isSound)
        let repaired = try StoreFixture(in: directory)
        #expect(try await repaired.finishedFile(Upload.sample(1).id)?.length == 10, "the file is recorded anew")
    }

    @Test(arguments: [Int64.min, -1, 253_402_300_800, Int64.max])
    func `a clock that was last seen at no time counts as none, and a check tells`(seen: Int64) async throws {
        let directory = try TemporaryDirectory()
        let data = directory.path + "/data"
        try StoreFixture(in: directory).store.close()
        try Catalogue.execute(at: data, "INSERT OR REPLACE INTO clock VALUES (1, \(seen))")
        #expect(try StoreCheck(path: data, repairs: false) { _ in }.run().damages == 1)
        do {
            let fixture = try StoreFixture(in: directory, expiry: ExpiryPolicy(idleSeconds: 60))
            let upload = try await fixture.create(.sample(1), bytes: 10)
            #expect(upload.expiresSeconds == 1_700_000_060, "by the wall clock")
            fixture.store.close()
            #expect(try Catalogue.integer(at: data, "SELECT seen FROM clock") == 1_700_000_000)
        }
        try Catalogue.execute(at: data, "UPDATE clock SET seen = \(seen)")
        let summary = try StoreCheck(path: data, repairs: true) { _ in }.run()
        #expect(summary.isSound && summary.repairs == 1)
        #expect(try Catalogue.integer(at: data, "SELECT count(*) FROM clock") == 0)
    }
}
