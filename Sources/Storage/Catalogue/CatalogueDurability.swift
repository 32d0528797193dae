internal import LinuxSystem

/// What the offsets of the catalogue have to survive by now, in a table of its own that older programs do not mind.
///
/// What was told with durability `process` is nowhere but in memory, perhaps. A later start with `power` brings it to
/// the disk before it tells such a number itself.
enum CatalogueDurability {
    private static let create = """
        CREATE TABLE IF NOT EXISTS durability (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            word TEXT NOT NULL                 -- what every offset has to survive: power, or process
        ) STRICT
        """

    /// Sees to it that every offset survives what this start promises, and keeps what that is. Blocks, once after a
    /// change to `power`, as long as it takes to write what waits in memory.
    ///
    /// - Throws: `io` where that could not be written.
    static func raise(_ connection: SQLiteConnection, _ files: StoreFiles) throws(StorageError) {
        try connection.execute(create)
        let durability = files.durability
        if known(connection) == durability { return }
        if durability == .power, try connection.integer("SELECT EXISTS (SELECT 1 FROM uploads)") == 1 {
            try files.syncAll()
        }
        // It is on the disk itself before anything is recorded that counts on it.
        try connection.execute(
            """
            PRAGMA synchronous = FULL;
            INSERT INTO durability VALUES (1, '\(durability.rawValue)')
            ON CONFLICT (id) DO UPDATE SET word = excluded.word;
            PRAGMA synchronous = \(CatalogueSchema.synchronous(durability))
            """)
    }

    /// Nil where nobody has kept it.
    private static func known(_ connection: SQLiteConnection) -> Durability? {
        guard let statement = try? connection.prepare("SELECT word FROM durability"),
            (try? statement.step()) ?? false
        else { return nil }
        return statement.text(0).flatMap(Durability.init(rawValue:))
    }
}
