import Foundation
import TestSupport
import Testing
import Uploads

@testable import Storage

/// How a catalogue is looked through that is too large for one look.
@Suite struct CatalogueLookTests {
    private let directory: TemporaryDirectory
    private var path: String { "\(directory.path)/data/catalogue.sqlite" }

    init() throws { directory = try TemporaryDirectory() }

    /// A closed catalogue of so many rows. No text goes on over pages of its own, whose rubbish nobody can tell.
    private func fill(_ count: Int) throws {
        try StoreFixture(in: directory).store.close()
        try Catalogue.execute(
            at: directory.path + "/data",
            """
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count))
            INSERT INTO uploads (id, dialect, state, "offset", name, metadata, created, expires, cleanup)
            SELECT randomblob(16), 'tus', 0, 0, 'f', CASE WHEN n % 50 = 0 THEN hex(randomblob(600)) END, 1, 2, 0
            FROM numbers;
            PRAGMA wal_checkpoint(TRUNCATE)
            """)
    }

    private func problem(isSliced: Bool) throws -> StorageError? {
        try CatalogueLook(SQLiteConnection(path: path, writes: false), isStopping: StopFlag()).problem(
            upToBytes: isSliced ? 0 : .max)
    }

    @Test(arguments: [true, false]) func `a sound one is sound`(isSliced: Bool) throws {
        try fill(20_000)
        #expect(try problem(isSliced: isSliced) == nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `pages of rubbish are found by slices where one look finds them`(seed: UInt64) throws {
        try fill(3000)
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        var random = SeededGenerator(seed: seed)
        let page = UInt64.random(in: 1..<(try file.seekToEnd() / 4096), using: &random)
        try file.seek(toOffset: page * 4096)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try file.close()
        #expect(try problem(isSliced: false) != nil)
        #expect(try problem(isSliced: true) != nil, "page \(page)")
    }

    @Test func `rows that their ids do not lead to are found`() throws {
        try fill(10_000)
        try Catalogue.execute(
            at: directory.path + "/data",
            """
            CREATE TABLE other (id BLOB PRIMARY KEY NOT NULL);
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema WHERE name LIKE '%autoindex%')
                - rootpage WHERE name LIKE '%autoindex%'
            """)
        #expect(try problem(isSliced: true)?.description.contains("ids") == true)
    }
}
