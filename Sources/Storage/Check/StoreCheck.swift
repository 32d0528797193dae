internal import LinuxSystem
internal import Uploads

/// Compares a data directory with its catalogue while no server has it, and puts right what can be.
///
/// Without `repairs` nothing is changed, but that SQLite makes its own `-shm` to read a log that a crash has left; a
/// catalogue of an older version stays one. A repair deletes nothing: a damaged catalogue is kept beside the new one, a
/// row that nobody understands in a table of its own, and bytes that no record vouches for go to `lost/`.
public struct StoreCheck: Sendable {
    private let path: String
    private let repairs: Bool
    private let onFinding: @Sendable (CheckFinding) -> Void

    /// - Parameters:
    ///   - path: the data directory, which must exist.
    ///   - repairs: whether to put right what is wrong.
    ///   - onFinding: told of everything that is not as it should be, on the caller's thread.
    public init(path: String, repairs: Bool, onFinding: @escaping @Sendable (CheckFinding) -> Void) {
        self.path = path
        self.repairs = repairs
        self.onFinding = onFinding
    }

    /// Checks; blocks, for a time in proportion to the number of uploads.
    ///
    /// - Throws: `directoryInUse` while a server runs, `io` where the directory is none or cannot be read,
    ///   `incompatible` for the catalogue of a newer program. What was repaired until then stays repaired.
    public func run() throws(StorageError) -> CheckSummary {
        let root = try LocalStore.lockedRoot(path, mustExist: true)
        let storeFiles = try storeFiles(root)
        let report = CheckReport(onFinding)
        guard let state = try CatalogueCheck(rootPath: path, report: report).examine(root, repairs: repairs) else {
            report.note("the files were not compared with the records, since those cannot be read")
            return report.summary
        }
        let connection = state.connection
        let cache = PageCacheID(boot: .current, root)
        let replay = JournalReplay(files: storeFiles, connection: connection, cache: cache)
        let pending = try replay.pending()
        if repairs, let failure = replay.run().use.lazy.compactMap(\.failure).first { throw failure }
        if repairs { try connection.execute("BEGIN IMMEDIATE") }
        let records = try RecordsCheck(
            connection: connection, files: storeFiles, repairs: repairs, pending: repairs ? [] : pending,
            report: report
        ).run()
        if CatalogueClock.isDamaged(connection) {
            if repairs { try CatalogueClock.forget(connection) }
            report.damage(
                "the time when the catalogue was last in use is none", repair: repairs ? "forgot it" : nil)
        }
        let files = FilesCheck(
            connection: connection, files: storeFiles, repairs: repairs, newer: records.newer, report: report)
        try files.run(hasLostRecords: state.hasLostRecords || records.hasNonsense)
        try UsageCheck(connection: connection, repairs: repairs, report: report).run()
        if repairs { try connection.execute("COMMIT") }
        return report.summary
    }

    private func storeFiles(_ root: borrowing Directory) throws(StorageError) -> StoreFiles {
        if !repairs {
            for name in [StoreFiles.uploadsName, StoreFiles.completeName] {
                try doing("open \(path)/\(name) (is \(path) a data directory?)") { () throws(Errno) in
                    _ = try root.directory(name)
                }
            }
        }
        return try StoreFiles(root: root, configuration: StoreConfiguration(path: path))
    }
}
