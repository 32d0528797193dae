import CSQLiteShim
import Testing

/// The catalogue's database as somebody with a shell sees it.
enum Catalogue {
    static func execute(at path: String, _ sql: String) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        try #require(sqlite3_open("\(path)/catalogue.sqlite", &handle) == SQLITE_OK)
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        try #require(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
    }

    /// Makes the catalogue one of version 1 or 2.
    static func makeOlder(at path: String, version: Int = 1) throws {
        let columns = """
            id, dialect, state, "offset", length, name, content_type, metadata, created, expires, finished_name,
            finished_length, finished_at, cleanup, concatenation\(version == 2 ? ", journal" : "")
            """
        let journal = version == 2 ? ", journal INTEGER NOT NULL DEFAULT 0" : ""
        try execute(
            at: path,
            """
            DROP TABLE IF EXISTS clock;
            ALTER TABLE uploads RENAME TO newer;
            CREATE TABLE uploads (
                id BLOB PRIMARY KEY NOT NULL, dialect TEXT NOT NULL, state INTEGER NOT NULL,
                "offset" INTEGER NOT NULL, length INTEGER, name TEXT NOT NULL, content_type TEXT, metadata TEXT,
                created INTEGER NOT NULL, expires INTEGER, finished_name TEXT, finished_length INTEGER,
                finished_at INTEGER, cleanup INTEGER NOT NULL, concatenation TEXT\(journal)
            ) STRICT;
            INSERT INTO uploads SELECT \(columns) FROM newer;
            DROP TABLE newer;
            DROP TABLE IF EXISTS usage;
            PRAGMA user_version = \(version)
            """)
    }

    static func integer(at path: String, _ sql: String) throws -> Int64 {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        try #require(sqlite3_open("\(path)/catalogue.sqlite", &handle) == SQLITE_OK)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        try #require(sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK)
        try #require(sqlite3_step(statement) == SQLITE_ROW)
        return sqlite3_column_int64(statement, 0)
    }

    /// Keeps others from writing, as a shell with an open transaction does.
    final class Lock {
        private let handle: OpaquePointer

        init(at path: String) throws {
            var handle: OpaquePointer?
            try #require(sqlite3_open("\(path)/catalogue.sqlite", &handle) == SQLITE_OK)
            self.handle = try #require(handle)
            try #require(sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
        }

        deinit { sqlite3_close(handle) }

        func release() throws { try #require(sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) == SQLITE_OK) }
    }
}
