internal import CSQLiteShim

/// One connection to the catalogue's database, confined to the thread that uses it.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private let path: String

    /// Opens the database at `path`; a writer makes it if it is missing. `sqlite3_open_v2`
    init(path: String, writes: Bool) throws(StorageError) {
        var handle: OpaquePointer?
        let access = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        let code = sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let handle else {
            let text = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw .catalogue("cannot open \(path): \(text)")
        }
        self.handle = handle
        self.path = path
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, Int32(StorageLimits.catalogueBusyMilliseconds))
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs statements that answer nothing of interest. `sqlite3_exec`
    func execute(_ sql: String) throws(StorageError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// The first column of the first row.
    func integer(_ sql: String) throws(StorageError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Compiles a statement that is kept. `sqlite3_prepare_v3`
    func prepare(_ sql: String) throws(StorageError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code) }
        return SQLiteStatement(statement, of: self)
    }

    /// What a result code means, with SQLite's own words for the last failure on this connection.
    func error(_ code: Int32) -> StorageError {
        // The index of the log is the first to find no space, at the start.
        if code & 0xFF == SQLITE_FULL || code == cshim_sqlite_ioerr_shmsize() { return .noSpace }
        return .catalogue(
            "\(path): \(String(cString: sqlite3_errmsg(handle))) (\(code))\(SQLiteConnection.advice(code))")
    }

    private static func advice(_ code: Int32) -> String {
        let isDamage = code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB
        return isDamage ? "; stop the server and run 'sluice check'" : ""
    }

    /// Ends whatever statement runs on this connection soon after the flag is raised: it fails. The connection must not
    /// outlive the flag. `sqlite3_progress_handler`
    func interrupt(by flag: StopFlag) {
        sqlite3_progress_handler(
            handle, StorageLimits.catalogueStepsBetweenLooks,
            { flag in Unmanaged<StopFlag>.fromOpaque(flag!).takeUnretainedValue().isRaised ? 1 : 0 },
            Unmanaged.passUnretained(flag).toOpaque())
    }

    /// Whether the last failure surely left the log as it was: nothing was written, or not the end of a transaction.
    /// After any other one a transaction that was reported as failed may turn up again at the next start.
    var hasFailedCleanly: Bool {
        let code = sqlite3_errcode(handle) & 0xFF
        return code == SQLITE_FULL || code == SQLITE_BUSY
    }
}
