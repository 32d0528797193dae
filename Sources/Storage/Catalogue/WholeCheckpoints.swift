internal import CSQLiteShim
internal import Synchronization

/// SQLite's own way to the files, but for one thing: a checkpoint that could carry over only a part of the log, because
/// somebody reads an older state of the database, is not begun.
///
/// SQLite would write that part without a sync, count it as carried over, and sync with the next part. If the disk
/// refuses some of it meanwhile, that sync fails, once; the one after it syncs pages that memory does not hold any
/// more, and the log starts over without them. A whole checkpoint is synced before any of it counts, and is repeated
/// from its beginning where that fails: so what SQLite counts as carried over is on the disk.
///
/// SQLite learns that somebody reads an older state by trying to lock his mark (`WAL_READ_LOCK(1)` to `(4)`, see
/// https://sqlite.org/walformat.html). While a checkpoint runs on this connection, a mark that is taken fails it.
enum WholeCheckpoints {
    private static let name: StaticString = "sluice"
    /// What fails a checkpoint. For the plain code SQLite does less instead.
    private static let isRead = SQLITE_BUSY | 1 << 8
    /// The locks of the marks.
    private static let marks: Range<Int32> = 4..<8
    /// For each table of SQLite's functions the one that stands before it. There are a handful, and they stay.
    private static let tables = Mutex<[UInt: UInt]>([:])
    private static let baseAddress = UInt(bitPattern: sqlite3_vfs_find(nil))
    private static var base: UnsafeMutablePointer<sqlite3_vfs>? { UnsafeMutablePointer(bitPattern: baseAddress) }

    /// What is kept of an open file, behind what SQLite's own way keeps of it.
    private struct Tail {
        let methods: UnsafePointer<sqlite3_io_methods>?
        var isInCheckpoint = false
    }

    /// By this SQLite knows it; nil where there is no way to the files at all.
    static let registered: String? = {
        guard let base else { return nil }
        let own = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        own.initialize(to: base.pointee)
        own.pointee.pNext = nil
        own.pointee.zName = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        own.pointee.szOsFile = Int32(tailOffset + MemoryLayout<Tail>.size)
        own.pointee.xOpen = { _, path, file, flags, outFlags in
            WholeCheckpoints.open(path, file, flags, outFlags)
        }
        return sqlite3_vfs_register(own, 0) == SQLITE_OK ? name.description : nil
    }()

    /// Runs a checkpoint of a connection that goes this way, on its thread.
    ///
    /// - Returns: its code; one of `SQLITE_BUSY` where somebody is in its way.
    static func run(_ connection: OpaquePointer, log: inout Int32, carried: inout Int32) -> Int32 {
        var file: UnsafeMutablePointer<sqlite3_file>?
        sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard let file else { return SQLITE_MISUSE }
        tail(of: file).pointee.isInCheckpoint = true
        defer { tail(of: file).pointee.isInCheckpoint = false }
        return sqlite3_wal_checkpoint_v2(connection, "main", SQLITE_CHECKPOINT_PASSIVE, &log, &carried)
    }

    private static func open(
        _ path: sqlite3_filename?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
        _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let base, let file, let open = base.pointee.xOpen else { return SQLITE_CANTOPEN }
        let code = open(base, path, file, flags, outFlags)
        let methods = file.pointee.pMethods
        tail(of: file).initialize(to: Tail(methods: methods))
        // A file that could not be opened has none.
        if let methods, let table = table(before: methods) { file.pointee.pMethods = table }
        return code
    }

    private static func table(
        before methods: UnsafePointer<sqlite3_io_methods>
    ) -> UnsafePointer<sqlite3_io_methods>? {
        // Without shared memory there are no marks.
        guard methods.pointee.iVersion >= 2, methods.pointee.xShmLock != nil else { return nil }
        let key = UInt(bitPattern: methods)
        if let made = tables.withLock({ $0[key] }) { return UnsafePointer(bitPattern: made) }
        let made = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        made.initialize(to: methods.pointee)
        made.pointee.xShmLock = { file, first, count, flags in WholeCheckpoints.lock(file, first, count, flags) }
        let address = UInt(bitPattern: made)
        // Two who open at once make two, of which both would do.
        tables.withLock { $0[key] = address }
        return UnsafePointer(made)
    }

    private static func lock(
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ first: Int32, _ count: Int32, _ flags: Int32
    ) -> Int32 {
        guard let file, let lock = tail(of: file).pointee.methods?.pointee.xShmLock else { return SQLITE_MISUSE }
        let code = lock(file, first, count, flags)
        let isRefused = code == SQLITE_BUSY && marks.contains(first) && tail(of: file).pointee.isInCheckpoint
        return isRefused ? isRead : code
    }

    private static func tail(of file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeMutablePointer<Tail> {
        (UnsafeMutableRawPointer(file) + tailOffset).assumingMemoryBound(to: Tail.self)
    }

    private static var tailOffset: Int {
        let alignment = MemoryLayout<Tail>.alignment
        return (Int(base?.pointee.szOsFile ?? 0) + alignment - 1) / alignment * alignment
    }
}
