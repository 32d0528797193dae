internal import Uploads

/// Removes data files that no open record stands for: what a crash left of deletions, restarts and lost creations. Runs
/// once after the start, in small steps, on a thread and with a connection of its own.
///
/// Before that it has SQLite look through the whole catalogue: damaged, it would have the sweep remove what is still
/// wanted, and every change could make it worse. Afterwards its thread forgets what `RecordSweep` says.
final class Sweeper: Sendable {
    private let recovery: Recovery
    private let table: UploadTable
    /// Files written since are not looked at: they belong to this run.
    private let startNanoseconds: Int64
    private let health: StoreHealth
    private let records: RecordSweep?
    private let cataloguePath: String
    private let isStopping = StopFlag()

    private var files: StoreFiles { recovery.files }

    init(
        cataloguePath: String, recovery: Recovery, table: UploadTable, health: StoreHealth, records: RecordSweep?,
        startNanoseconds: Int64
    ) {
        self.cataloguePath = cataloguePath
        self.records = records
        self.recovery = recovery
        self.table = table
        self.health = health
        self.startNanoseconds = startNanoseconds
    }

    func stop() { isStopping.raise() }

    /// Looks through the catalogue and then at every data file, on the sweep's own thread.
    func run() {
        if isSound() { records?.run(until: isStopping) }
    }

    /// Answers whether the catalogue is; then the sweep is done.
    private func isSound() -> Bool {
        do throws(StorageError) {
            let connection = try SQLiteConnection(path: cataloguePath, writes: false)
            connection.interrupt(by: isStopping)
            if let problem = problem(connection) {
                if !isStopping.isRaised { health.fail(problem) }
                return false
            }
            sweep(connection)
        } catch {
            files.report(.sweepFailed(error))
        }
        return true
    }

    /// What SQLite finds wrong first. `PRAGMA quick_check`
    private func problem(_ connection: SQLiteConnection) -> StorageError? {
        do throws(StorageError) {
            let statement = try connection.prepare("PRAGMA quick_check(1)")
            guard try statement.step(), let text = statement.text(0), text != "ok" else { return nil }
            return .catalogue("damaged: \(text); stop the server and run 'sluice check'")
        } catch { return error }
    }

    private func sweep(_ connection: SQLiteConnection) {
        var seen = 0
        var removed = 0
        do throws(StorageError) {
            let statement = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
            var failure: StorageError?
            try files.forEachData { name in
                do throws(StorageError) {
                    if try sweep(name, statement) { removed += 1 }
                } catch { failure = error }
                seen += 1
                if seen % StorageLimits.sweepStepFiles == 0 {
                    isStopping.sleep(nanosecondsMax: StorageLimits.sweepPauseNanoseconds)
                }
                return failure == nil && !isStopping.isRaised
            }
            if let failure { throw failure }
            files.report(.swept(files: removed))
        } catch {
            files.report(.sweepFailed(error))
        }
    }

    private func sweep(_ name: String, _ statement: SQLiteStatement) throws(StorageError) -> Bool {
        guard let id = UploadID(name), try files.dataModificationNanoseconds(name) ?? .max < startNanoseconds else {
            return false
        }
        if try CatalogueRow.find(id, statement)?.isOpen ?? false { return false }
        // Looked at again while nobody else can create or restart it.
        guard let token = table.claimUnknown(id) else { return false }
        defer { table.release(id, token) }
        let row = try CatalogueRow.find(id, statement)
        if row?.isOpen ?? false { return false }
        if let upload = row?.upload, row?.cleanup != .all, try recovery.nameLeft(upload) {
            files.report(.deliveredAfterCrash(id))
            return false
        }
        return try files.removeData(id)
    }
}
