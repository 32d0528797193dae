internal import LinuxSystem
internal import Synchronization

/// The files of SQLite, as the kernel sees them.
///
/// After a write that failed, the page cache goes on showing what was to be written, as if it were on the disk, and
/// ext4 goes on as if its blocks had ever been written: the same bytes written and synced once more, without an error,
/// may then be zeros after a loss of power (`Tests/Faults` has it happen). What is behind them in SQLite's log would be
/// lost with them. So nothing is added to a log that may be such a one before the cache has forgotten it.
extension StoreFiles {
    private static let logName = "\(LocalStore.catalogueName)-wal"

    /// Brings what another run has left of the catalogue to the disk, and has it read from there: what that one could
    /// not commit is not to be told, nor to be built on. Part of the start, before anybody opens the catalogue.
    func settleCatalogue() throws(StorageError) {
        if durability == .process { return }
        let names = [LocalStore.catalogueName, StoreFiles.logName]
        // Without the one or the other there is nothing of another run in the log.
        for name in names where try size(name) ?? 0 == 0 { return }
        for name in names {
            // A failure is told once; the second time everything has been tried to be written.
            try? settle(name)
            try settle(name)
        }
    }

    /// Makes the catalogue's file for the server and its group alone, as all its files are: SQLite would make it for
    /// everybody, and makes its log like it. What an older program has made is shut. Part of the start, before anybody
    /// opens the catalogue.
    func shutCatalogue() throws(StorageError) {
        try doing("make \(LocalStore.catalogueName)") { () throws(Errno) in
            _ = try root.open(LocalStore.catalogueName, [.readWrite, .create, .noFollow])
        }
        for suffix in ["", "-wal", "-shm"] {
            // Those that are not there are made like the first. Somebody else's stay as they are.
            try? root.setAccess(LocalStore.catalogueName + suffix, mode: 0o640, group: nil)
        }
    }

    /// Has SQLite's log read from the disk after a failure of a commit. A later commit may rely on it only then.
    ///
    /// - Throws: while what is behind the last commit cannot be written.
    func settleLog() throws(StorageError) {
        if durability == .power { try settle(StoreFiles.logName) }
    }

    /// Opens the database once more, to settle it later. Closing it gives up SQLite's locks of it, so it stays open as
    /// long as the store.
    func holdDatabase() throws(StorageError) {
        let name = LocalStore.catalogueName
        var status: FileStatus?
        var file: File? = try doing("open \(name)") { () throws(Errno) in
            let file = try root.open(name, .readWrite)
            status = try file.status()
            return file
        }
        database.withLock { $0 = file.take() }
        heldDatabase.withLock { $0 = status }
    }

    /// A connection of its own for who reads beside the store: a sweep, the journal.
    ///
    /// SQLite knows files by their paths. Where the data directory has been moved, or a link to it been switched,
    /// another catalogue may stand under this one's path, and by that one nothing here is to be removed.
    ///
    /// - Throws: `catalogue` also where it is not the database that the store has open.
    func openCatalogue(_ path: String) throws(StorageError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, writes: false)
        let isOurs = try doing("look at \(path)") { () throws(Errno) in
            let found = try FileStatus(of: FilePath(path))
            guard let held = heldDatabase.withLock(\.self) else { return true }
            return (held.device, held.number) == (found.device, found.number)
        }
        guard isOurs else { throw .catalogue("\(path) is another one than this server's: the directory was moved") }
        return connection
    }

    /// - Throws: `catalogue` where the database that the store has open is not in its place any more: what is told then
    ///   would be gone at the next start. Waits for no sync.
    func checkDatabase() throws(StorageError) {
        let name = LocalStore.catalogueName
        let isOurs = try doing("look at \(name)") { () throws(Errno) in
            let found = try root.fileNumber(name)
            guard let held = heldDatabase.withLock(\.self) else { return true }
            return found == held.number
        }
        guard isOurs else { throw .catalogue("\(name) was taken away, or is another one: put it back, and restart") }
    }

    /// Gives up the database, after SQLite has.
    func letGoOfDatabase() {
        heldDatabase.withLock { $0 = nil }
        database.withLock { $0 = nil }
    }

    /// Has the database read from the disk after a failure to carry the log over. Only then does it help to do that
    /// once more.
    ///
    /// - Throws: while what SQLite has written cannot be brought to the disk.
    func settleDatabase() throws(StorageError) {
        if durability == .process { return }
        try doing("sync \(LocalStore.catalogueName)") { () throws(Errno) in
            try database.withLock { file throws(Errno) in
                // A failure is told once; the second time everything has been tried to be written.
                try? file?.syncData()
                try file?.syncData()
                try file?.dropCached()
            }
        }
    }

    /// Takes blocks for the whole of SQLite's log, so that on a disk that fills up later what came can still be
    /// recorded. Where that would be a large part of what is left, or cannot be done, the log takes them when it needs
    /// them.
    func reserveLog() {
        let bytes = StorageLimits.catalogueLogBytes
        do throws(Errno) {
            guard try root.freeBytes() >= bytes * StorageLimits.freeSpaceFactor else { return }
            try root.open(StoreFiles.logName, .readWrite).reserve(offset: 0, length: bytes)
        } catch {
            // It is a precaution; the log tells of a full disk by itself.
        }
    }

    private func size(_ name: String) throws(StorageError) -> Int64? {
        try doing("look at \(name)") { () throws(Errno) in try root.fileSize(name) }
    }

    /// Closing the database's file gives up SQLite's locks of it, the log's has none.
    private func settle(_ name: String) throws(StorageError) {
        try doing("sync \(name)") { () throws(Errno) in
            let file = try root.open(name, .readWrite)
            try file.syncData()
            try file.dropCached()
        }
    }
}
