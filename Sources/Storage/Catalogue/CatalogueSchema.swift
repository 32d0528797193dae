/// The shape of `catalogue.sqlite`.
///
/// One table, clustered by its key: an upload is found, made or moved on by touching one tree. Random keys put a
/// commit of n uploads on n pages whatever the shape; a separate key index would double them.
enum CatalogueSchema {
    /// What this program writes to `user_version`.
    static let version: Int64 = 1

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
            finished_at INTEGER,
            cleanup INTEGER NOT NULL,          -- files to remove: 0 none, 1 all (deleted), 2 all but finished_name
            concatenation TEXT                 -- part of, or made of, other uploads
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX uploads_by_expiry ON uploads (expires) WHERE expires IS NOT NULL;
        CREATE INDEX uploads_to_clean_up ON uploads (cleanup) WHERE cleanup != 0;
        PRAGMA user_version = 1;
        """

    /// Makes or checks the tables, and sets the connection up for the one writer.
    static func prepare(_ connection: SQLiteConnection, durability: Durability) throws(StorageError) {
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = \(durability == .power ? "FULL" : "OFF")")
        try connection.execute("PRAGMA wal_autocheckpoint = \(StorageLimits.catalogueLogPages)")
        let found = try connection.integer("PRAGMA user_version")
        if found > version {
            throw .incompatible(
                "the catalogue has version \(found), this program knows \(version): it was written by a newer program")
        }
        if found == 0 { try connection.execute("BEGIN IMMEDIATE; \(create) COMMIT") }
    }
}
