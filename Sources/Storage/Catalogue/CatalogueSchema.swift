/// The shape of `catalogue.sqlite`: what `CatalogueVersion` says, version by version; and tables that older programs do
/// not mind (`CatalogueClock`, `CatalogueUsage`).
///
/// One table with row ids of its own: ids are random, so a table clustered by them would spread the uploads of an hour
/// over all of its pages, while here those that began together, and move on together, share a few. With a million
/// rows an insert costs a quarter less, and an update the same.
///
/// `finished_at` was in seconds once, and kept its name when nanoseconds took their place: another name would be
/// another version, which older programs refuse, for nothing that a row tells better. `CatalogueRow` reads both.
enum CatalogueSchema {
    /// What this program writes to `user_version`.
    static let version = Int64(CatalogueVersion.all.count)

    /// Makes or checks the tables, and sets the connection up for the one writer.
    ///
    /// - Throws: `incompatible` for a catalogue of a newer program, which stays as it is.
    static func prepare(_ connection: SQLiteConnection, durability: Durability) throws(StorageError) {
        let found = try found(connection)
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = \(synchronous(durability))")
        connection.keepsLog()
        if found < version {
            let steps = CatalogueVersion.all[Int(found)...].map(\.sql).joined(separator: "\n")
            try connection.execute("BEGIN IMMEDIATE; \(steps) PRAGMA user_version = \(version); COMMIT")
        }
        try connection.execute(CatalogueClock.create)
        try CatalogueUsage.prepare(connection, hasOwners: found >= CatalogueVersion.withOwners)
        // It makes the count at the start quick, and can be done without.
        try? connection.execute("CREATE INDEX IF NOT EXISTS uploads_open ON uploads (cleanup) WHERE state = 0")
    }

    /// SQLite's word for when it syncs.
    static func synchronous(_ durability: Durability) -> String { durability == .power ? "FULL" : "NORMAL" }

    /// Whether nothing has been recorded in it: there is no table of uploads, not even an empty one.
    static func isBlank(_ connection: SQLiteConnection) throws(StorageError) -> Bool {
        // The version is in the first bytes, which tell a newer catalogue however damaged the rest is.
        if try connection.integer("PRAGMA user_version") != 0 { return false }
        return try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'uploads'") == 0
    }

    /// How many uploads are open, those that are being deleted aside. None where the catalogue is damaged: the sweep
    /// will find that, and shut it.
    static func openCount(_ connection: SQLiteConnection) -> Int {
        Int((try? connection.integer("SELECT count(*) FROM uploads WHERE state = 0 AND cleanup != 1")) ?? 0)
    }

    /// Lets a connection that only reads see a catalogue of an older version as one of this one. Changes nothing.
    ///
    /// - Throws: `incompatible` for a catalogue of a newer program.
    static func readOlder(_ connection: SQLiteConnection) throws(StorageError) {
        let found = try found(connection)
        let missing = CatalogueVersion.all[Int(found)...].flatMap(\.columns).map { "\($0.older) AS \($0.name)" }
        if found == 0 || missing.isEmpty { return }
        try connection.execute(
            """
            PRAGMA temp_store = MEMORY;
            CREATE TEMP VIEW uploads AS SELECT rowid AS rowid, *, \(missing.joined(separator: ", ")) FROM main.uploads
            """)
    }

    /// The version of a catalogue, 0 for an empty one. Looks at the database's first bytes only, so that a newer one is
    /// known for what it is even where it is damaged.
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
