/// The shape of `catalogue.sqlite`.
///
/// One table with row ids of its own: ids are random, so a table clustered by them would spread the uploads of an hour
/// over all of its pages, while here those that began together, and move on together, share a few. With a million
/// rows an insert costs a quarter less, and an update the same.
enum CatalogueSchema {
    /// What this program writes to `user_version`.
    static let version: Int64 = 3

    private static let create = """
        CREATE TABLE uploads (
            id BLOB PRIMARY KEY NOT NULL,
            dialect TEXT NOT NULL,
            state INTEGER NOT NULL,            -- 0 open, 1 finished, 2 failed, 3 expired
            "offset" INTEGER NOT NULL,         -- bytes on stable storage
            length INTEGER,                    -- bytes, NULL while unknown
            name TEXT NOT NULL,
            content_type TEXT,
            metadata TEXT,
            created INTEGER NOT NULL,          -- seconds since 1970-01-01 UTC
            expires INTEGER,                   -- likewise, NULL for never
            finished_name TEXT,                -- the file as last delivered
            finished_length INTEGER,
            finished_at INTEGER,               -- nanoseconds since 1970-01-01 UTC; seconds in rows of old
            cleanup INTEGER NOT NULL,          -- files to remove: 0 none, 1 all (deleted), 2 all but finished_name
            concatenation TEXT,                -- part of, or made of, other uploads
            journal INTEGER NOT NULL DEFAULT 0, -- the batch of the journal that holds a finished file, 0 for none
            epoch INTEGER NOT NULL DEFAULT 0   -- raised by each holder that changes the row
        ) STRICT;
        CREATE INDEX uploads_by_expiry ON uploads (expires) WHERE expires IS NOT NULL;
        CREATE INDEX uploads_to_clean_up ON uploads (cleanup) WHERE cleanup != 0;
        PRAGMA user_version = 3;
        """

    private static let addJournal = "ALTER TABLE uploads ADD COLUMN journal INTEGER NOT NULL DEFAULT 0;"
    private static let addEpoch = """
        ALTER TABLE uploads ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
        PRAGMA user_version = 3;
        """

    /// What a catalogue of an older version lacks, with what stands for it: the version that brought it first.
    private static let added: [(version: Int64, column: String)] = [
        (2, "0 AS journal"), (3, "0 AS epoch"),
    ]

    /// Makes or checks the tables, and sets the connection up for the one writer.
    static func prepare(_ connection: SQLiteConnection, durability: Durability) throws(StorageError) {
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = \(durability == .power ? "FULL" : "NORMAL")")
        try connection.execute("PRAGMA wal_autocheckpoint = \(StorageLimits.catalogueLogPages)")
        switch try found(connection) {
        case 0: try connection.execute("BEGIN IMMEDIATE; \(create) COMMIT")
        case 1: try connection.execute("BEGIN IMMEDIATE; \(addJournal) \(addEpoch) COMMIT")
        case 2: try connection.execute("BEGIN IMMEDIATE; \(addEpoch) COMMIT")
        default: break
        }
        try connection.execute(CatalogueClock.create)
        // It makes the count at the start quick, and can be done without.
        try? connection.execute("CREATE INDEX IF NOT EXISTS uploads_open ON uploads (cleanup) WHERE state = 0")
    }

    /// How many uploads are open, those that are being deleted aside. None where the catalogue is damaged: the sweep
    /// will find that, and shut it.
    static func openCount(_ connection: SQLiteConnection) -> Int {
        Int((try? connection.integer("SELECT count(*) FROM uploads WHERE state = 0 AND cleanup != 1")) ?? 0)
    }

    /// Lets a connection that only reads see a catalogue of an older version as one of this one. Changes nothing.
    static func readOlder(_ connection: SQLiteConnection) throws(StorageError) {
        let found = try found(connection)
        let missing = added.filter { $0.version > found }.map(\.column)
        if missing.isEmpty { return }
        try connection.execute(
            """
            PRAGMA temp_store = MEMORY;
            CREATE TEMP VIEW uploads AS SELECT rowid AS rowid, *, \(missing.joined(separator: ", ")) FROM main.uploads
            """)
    }

    /// The version of a catalogue, 0 for an empty one.
    ///
    /// - Throws: `incompatible` for one that this program does not know.
    private static func found(_ connection: SQLiteConnection) throws(StorageError) -> Int64 {
        let found = try connection.integer("PRAGMA user_version")
        guard (0...version).contains(found) else {
            throw .incompatible(
                "the catalogue has version \(found), this program knows \(version): it was written by a newer program")
        }
        return found
    }
}
