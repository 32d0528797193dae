internal import Uploads

/// One version of what the catalogue holds: what it brought that the one before did not have.
///
/// A program refuses a catalogue of a later version than its own, and carries an older one over when it starts. So
/// whatever an older program would not understand is a new version: a column, and a word that may stand in a row
/// (`CatalogueWord`; a dialect says by itself which version brings it). Versions that were released never change.
struct CatalogueVersion {
    /// A column that was added to `uploads`.
    struct Column {
        let name: String
        /// Its type and constraints; rows of before get the default.
        let type: String
        /// What stands for it where a catalogue has none yet: an expression of SQL.
        let older: String

        init(_ name: String, _ type: String, older: String) {
            self.name = name
            self.type = type
            self.older = older
        }
    }

    /// Makes the tables of the first version; nothing for all others.
    var tables = ""
    /// What was added to them.
    var columns: [Column] = []
    /// What may stand in a row since.
    var words: [CatalogueWord] = []

    /// Makes a catalogue of the version before one of this.
    var sql: String {
        tables + columns.map { "ALTER TABLE uploads ADD COLUMN \($0.name) \($0.type);" }.joined(separator: "\n")
    }

    /// All of them in their order; the first has number 1.
    static let all = {
        var versions = written
        for dialect in DialectName.allCases {
            while versions.count < dialect.catalogueVersion { versions.append(CatalogueVersion()) }
            versions[dialect.catalogueVersion - 1].words.append(.dialect(dialect))
        }
        return versions
    }()

    /// The same without what dialects say of themselves.
    private static let written = [
        CatalogueVersion(
            tables: firstTables,
            words: [
                .state(.open), .state(.finished), .state(.failed), .state(.expired),
                .cleanup(.none), .cleanup(.all), .cleanup(.older),
                .concatenation(.partial), .concatenation(.final),
            ]),
        // The batch of the journal that holds a finished file, 0 for none.
        CatalogueVersion(columns: [Column("journal", "INTEGER NOT NULL DEFAULT 0", older: "0")]),
        // Raised by each holder that changes the row.
        CatalogueVersion(columns: [Column("epoch", "INTEGER NOT NULL DEFAULT 0", older: "0")]),
        // Whose the upload is; NULL where nobody was asked who they are. The name of an older delivery that is still to
        // be removed.
        CatalogueVersion(columns: [
            Column("owner", "TEXT", older: "NULL"), Column("older_name", "TEXT", older: "NULL"),
        ]),
        // SHA-256 of the file as it was delivered, NULL where nobody has computed it; and the state of the one over
        // what has come of the next one. Where the request that changed the row last belongs (`traceparent`).
        CatalogueVersion(columns: [
            Column("sha256", "BLOB", older: "NULL"), Column("sha256_state", "BLOB", older: "NULL"),
            Column("trace", "TEXT", older: "NULL"),
        ]),
    ]

    /// The first version whose uploads have owners.
    static let withOwners: Int64 = 4

    private static let firstTables = """
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
            cleanup INTEGER NOT NULL,          -- files to remove: 0 none, 1 all (deleted), 2 an older delivery
            concatenation TEXT                 -- part of, or made of, other uploads
        ) STRICT;
        CREATE INDEX uploads_by_expiry ON uploads (expires) WHERE expires IS NOT NULL;
        CREATE INDEX uploads_to_clean_up ON uploads (cleanup) WHERE cleanup != 0;

        """
}
