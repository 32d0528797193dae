internal import Uploads

/// What the uploads of each owner take, kept in a table of its own: the database itself changes it with each row of
/// `uploads`, in the same transaction, whoever changes that one. So it is right after every crash, and no start has to
/// count.
///
/// Older programs do not mind it, and keep it right without knowing. A sum past what an integer holds becomes a
/// rounded number, which a repair counts anew: it must not keep a record from being written.
struct CatalogueUsage {
    private let find: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StorageError) {
        find = try connection.prepare("SELECT bytes, files, open FROM usage WHERE owner = ?1")
    }

    /// What is recorded of an owner.
    func usage(of owner: Owner) throws(StorageError) -> Usage {
        defer { find.reset() }
        try find.bind(1, owner.description)
        guard try find.step() else { return .none }
        return Usage(bytes: find.integer(0), files: find.integer(1), open: find.integer(2))
    }

    // MARK: The table

    /// Makes the table where there is none, and counts what there is: once.
    ///
    /// - Parameter hasOwners: whether uploads may have one. Those of before were nobody's.
    static func prepare(_ connection: SQLiteConnection, hasOwners: Bool) throws(StorageError) {
        if try isThere(connection) { return }
        let drop = triggers.map { "DROP TRIGGER IF EXISTS \($0.name);" }.joined()
        let make = triggers.map { "CREATE TRIGGER \($0.name) \($0.body);" }.joined(separator: "\n")
        try connection.execute(
            "BEGIN IMMEDIATE; DROP TABLE IF EXISTS usage; \(drop)\(create)\(hasOwners ? count : "")\(make) COMMIT")
    }

    /// Whether a catalogue has it, with all that keeps it right.
    static func isThere(_ connection: SQLiteConnection) throws(StorageError) -> Bool {
        let names = triggers.map { "'\($0.name)'" }.joined(separator: ", ")
        let found = try connection.integer(
            """
            SELECT count(*) FROM main.sqlite_schema
            WHERE type = 'table' AND name = 'usage' OR type = 'trigger' AND name IN (\(names))
            """)
        return found == triggers.count + 1
    }

    /// Every owner whose usage is recorded as something else than the records come to: the name, what is recorded, and
    /// what they come to, three numbers each.
    static let differences = """
        WITH counted AS MATERIALIZED (\(counted))
        SELECT owner, coalesce(usage.bytes, 0), coalesce(usage.files, 0), coalesce(usage.open, 0),
            counted.bytes, counted.files, counted.open
        FROM counted LEFT JOIN usage USING (owner)
        WHERE counted.bytes != coalesce(usage.bytes, 0) OR counted.files != coalesce(usage.files, 0)
            OR counted.open != coalesce(usage.open, 0)
        UNION ALL
        SELECT owner, usage.bytes, usage.files, usage.open, 0, 0, 0
        FROM usage LEFT JOIN counted USING (owner)
        WHERE counted.bytes IS NULL AND (usage.bytes != 0 OR usage.files != 0 OR usage.open != 0)
        """

    /// Counts all of it anew.
    static let recount = "DELETE FROM usage; \(count)"

    private static let create = """
        CREATE TABLE usage (
            owner TEXT PRIMARY KEY NOT NULL,
            bytes INTEGER NOT NULL,            -- of finished files, and what unfinished uploads have promised
            files INTEGER NOT NULL,            -- likewise
            open INTEGER NOT NULL              -- unfinished uploads
        ) WITHOUT ROWID;

        """

    private static let count = "INSERT INTO usage \(counted);\n"

    /// A sum of integers that does not fit would be an error, and so would be the whole count.
    private static let counted = """
        SELECT owner, sum(bytes >> 20) * 1048576 + sum(bytes & 1048575) AS bytes, sum(files) AS files, sum(open) AS open
        FROM (SELECT owner, \(bytes("uploads")) AS bytes, \(files("uploads")) AS files, \(open("uploads")) AS open
            FROM uploads WHERE owner IS NOT NULL)
        GROUP BY owner
        """

    /// The rules of `Upload.usage`.
    private static func bytes(_ row: String) -> String {
        """
        CASE \(row).cleanup WHEN 1 THEN 0
        ELSE CASE \(row).state WHEN 0 THEN coalesce(\(row).length, \(row)."offset") ELSE 0 END
            + coalesce(\(row).finished_length, 0) END
        """
    }

    private static func files(_ row: String) -> String {
        """
        (\(row).cleanup != 1 AND (\(row).finished_name IS NOT NULL
            OR \(row).state = 0 AND (\(row).concatenation IS NULL OR \(row).concatenation NOT GLOB 'partial*')))
        """
    }

    private static func open(_ row: String) -> String { "(\(row).cleanup != 1 AND \(row).state = 0)" }

    private static let triggers = [
        (
            name: "usage_of_new",
            body: """
            AFTER INSERT ON uploads WHEN new.owner IS NOT NULL BEGIN
                \(add("new.owner", bytes("new"), files("new"), open("new")))
            END
            """
        ),
        (
            name: "usage_of_changed",
            body: """
            AFTER UPDATE ON uploads
            WHEN new.owner IS NOT NULL AND new.owner IS old.owner AND (\(bytes("new")) != \(bytes("old"))
                OR \(files("new")) != \(files("old")) OR \(open("new")) != \(open("old")))
            BEGIN
                \(add(
                        "new.owner", "\(bytes("new")) - \(bytes("old"))", "\(files("new")) - \(files("old"))",
                        "\(open("new")) - \(open("old"))"))
            END
            """
        ),
        (
            name: "usage_of_given",
            body: """
            AFTER UPDATE ON uploads WHEN new.owner IS NOT old.owner AND new.owner IS NOT NULL BEGIN
                \(add("new.owner", bytes("new"), files("new"), open("new")))
            END
            """
        ),
        (
            name: "usage_of_taken",
            body: """
            AFTER UPDATE ON uploads WHEN new.owner IS NOT old.owner AND old.owner IS NOT NULL BEGIN
                \(add("old.owner", "-(\(bytes("old")))", "-\(files("old"))", "-\(open("old"))"))
            END
            """
        ),
        (
            name: "usage_of_gone",
            body: """
            AFTER DELETE ON uploads WHEN old.owner IS NOT NULL BEGIN
                \(add("old.owner", "-(\(bytes("old")))", "-\(files("old"))", "-\(open("old"))"))
                DELETE FROM usage WHERE owner = old.owner AND bytes = 0 AND files = 0 AND open = 0;
            END
            """
        ),
    ]

    private static func add(_ owner: String, _ bytes: String, _ files: String, _ open: String) -> String {
        """
        INSERT INTO usage VALUES (\(owner), \(bytes), \(files), \(open)) ON CONFLICT (owner) DO UPDATE SET
            bytes = bytes + excluded.bytes, files = files + excluded.files, open = open + excluded.open;
        """
    }
}
