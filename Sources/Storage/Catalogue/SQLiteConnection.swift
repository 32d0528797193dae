internal import CSQLiteShim
internal import LinuxSystem

/// One connection to the catalogue's database, confined to the thread that uses it.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private let path: String
    /// How many pages the log had after the last commit of this connection.
    private(set) var logPages = 0

    /// What a connection may do to the database and to the files beside it.
    enum Access {
        /// Reads and writes; makes the database if it is missing.
        case writes
        /// Reads, beside others that write.
        case reads
        /// Reads a database that nobody has open, and whose log is empty: no file is made, none is touched.
        case looks
    }

    /// Opens the database at `path`. `sqlite3_open_v2`
    convenience init(path: String, writes: Bool) throws(StorageError) {
        try self.init(path: path, writes ? .writes : .reads)
    }

    /// Nobody asks how much memory SQLite has; done once in a process.
    private static let leavesMemoryUncounted: Void = cshim_sqlite_leave_memory_uncounted()

    init(path: String, _ access: Access) throws(StorageError) {
        SQLiteConnection.leavesMemoryUncounted
        var handle: OpaquePointer?
        var flags = access == .writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        var name = path
        if access == .looks {
            flags |= SQLITE_OPEN_URI
            name = "file:\(SQLiteConnection.escaped(path))?immutable=1"
        }
        let way = access == .writes ? WholeCheckpoints.registered : nil
        let code = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX, way)
        guard code == SQLITE_OK, let handle else {
            let text = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw .catalogue("cannot open \(path): \(text)")
        }
        self.handle = handle
        self.path = path
        sqlite3_extended_result_codes(handle, 1)
        setPatience(milliseconds: StorageLimits.catalogueBusyMilliseconds)
    }

    /// Leaves it to `carryLogOver` when the log is carried over, and counts its pages. `sqlite3_wal_hook`
    ///
    /// What SQLite would do by itself it would do within a commit, whether or not it can be done whole, and tell nobody
    /// of a failure.
    func keepsLog() {
        sqlite3_wal_hook(
            handle,
            { connection, _, _, pages in
                guard let connection else { return SQLITE_OK }
                Unmanaged<SQLiteConnection>.fromOpaque(connection).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Puts all that the log holds into the database, and that on the disk. Answers false where somebody who reads an
    /// older state is in the way; then nothing has happened. `sqlite3_wal_checkpoint_v2`
    ///
    /// - Throws: after a failure the log stands as before, and all of it that was not carried over before is carried
    ///   over by the next call.
    func carryLogOver() throws(StorageError) -> Bool {
        var (log, carried): (Int32, Int32) = (-1, -1)
        let code = WholeCheckpoints.run(handle, log: &log, carried: &carried)
        if code & 0xFF == SQLITE_BUSY { return false }
        guard code == SQLITE_OK else { throw error(code) }
        if log >= 0 { logPages = Int(log) }
        return log == carried
    }

    /// Leaves the log as it is when the connection is closed. `SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE`
    func keepLog() { cshim_sqlite_keep_log(handle) }

    /// How long to wait for whoever else writes. `sqlite3_busy_timeout`
    func setPatience(milliseconds: Int) { sqlite3_busy_timeout(handle, Int32(milliseconds)) }

    deinit { sqlite3_close_v2(handle) }

    /// A path as it stands in an address.
    private static func escaped(_ path: String) -> String {
        path.utf8.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "%"): text += "%25"
            case UInt8(ascii: "?"): text += "%3f"
            case UInt8(ascii: "#"): text += "%23"
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
    }

    /// Runs statements that answer nothing of interest. `sqlite3_exec`
    func execute(_ sql: String) throws(StorageError) {
        var errno: Int32 = 0
        let code = cshim_sqlite_exec(handle, sql, &errno)
        guard code == SQLITE_OK else { throw error(code, Errno(rawValue: errno)) }
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
    ///
    /// - Parameter errno: what the system call behind it said, where there was one.
    func error(_ code: Int32, _ errno: Errno? = nil) -> StorageError {
        // The index of the log is the first to find no space, at the start.
        if code & 0xFF == SQLITE_FULL || code == cshim_sqlite_ioerr_shmsize() { return .noSpace }
        // SQLite knows no other bound than the disk's end: for it a quota is a failure like any other.
        if code == cshim_sqlite_ioerr_write(), let errno, StorageError(errno, "") == .noSpace { return .noSpace }
        return .catalogue(
            "\(path): \(String(cString: sqlite3_errmsg(handle))) (\(code))\(SQLiteConnection.advice(code))")
    }

    private static func isDamage(_ code: Int32) -> Bool {
        code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB
    }

    private static func advice(_ code: Int32) -> String {
        isDamage(code) ? "; without a server, 'sluice check --repair' saves what can be read" : ""
    }

    /// Ends whatever statement runs on this connection soon after the flag is raised: it fails. The connection must not
    /// outlive the flag. `sqlite3_progress_handler`
    func interrupt(by flag: StopFlag) {
        sqlite3_progress_handler(
            handle, StorageLimits.catalogueStepsBetweenLooks,
            { flag in Unmanaged<StopFlag>.fromOpaque(flag!).takeUnretainedValue().isRaised ? 1 : 0 },
            Unmanaged.passUnretained(flag).toOpaque())
    }

    /// Rows that the last change of this connection made, changed or removed. `sqlite3_changes`
    var changedRows: Int { Int(sqlite3_changes(handle)) }

    /// Whether a failure, the last one, is passing and surely left the log as it was: nothing was written, or not the
    /// end of a transaction, which is written last. After any other one, above all that of a sync, a transaction that
    /// was reported as failed may turn up again at the next start.
    func hasFailedCleanly(_ failure: StorageError) -> Bool {
        let code = sqlite3_extended_errcode(handle)
        return code & 0xFF == SQLITE_FULL || code & 0xFF == SQLITE_BUSY
            || code == cshim_sqlite_ioerr_write() && failure == .noSpace
    }

    /// Whether the last failure says that the database is not as SQLite has left it.
    var isDamaged: Bool { SQLiteConnection.isDamage(sqlite3_errcode(handle)) }
}
