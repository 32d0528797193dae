internal import Uploads

/// Forgets finished uploads whose files their owner has taken away, once they are old enough: the record goes, and the
/// empty directory that the file was in. Again and again, in small steps, on the sweep's thread, with a connection that
/// is open only meanwhile.
struct RecordSweep {
    let cataloguePath: String
    let files: StoreFiles
    let table: UploadTable
    let catalogue: Catalogue
    /// How long such an upload is remembered after its end.
    let forgetSeconds: Int64
    let wallSeconds: @Sendable () -> Int64

    /// The time between two walks.
    var restNanoseconds: Int64 {
        1_000_000_000
            * min(max(forgetSeconds / 10, StorageLimits.recordSweepSecondsMin), StorageLimits.recordSweepSecondsMax)
    }

    /// Walks through the catalogue once. What it cannot look at is passed over, told of, and met again the next time.
    func run(until isStopping: StopFlag) {
        var failures = SweepFailures()
        do throws(StorageError) {
            let forgotten = try walk(until: isStopping, &failures)
            if forgotten > 0 { files.report(.forgotten(uploads: forgotten)) }
        } catch { failures.add(error) }
        if let first = failures.first, !isStopping.isRaised { files.report(.forgettingFailed(first)) }
    }

    /// Row by row, in the order in which uploads began: no index has to be kept for this, and no step takes long.
    private func walk(until isStopping: StopFlag, _ failures: inout SweepFailures) throws(StorageError) -> Int {
        let connection = try files.openCatalogue(cataloguePath)
        connection.interrupt(by: isStopping)
        let last = try connection.integer("SELECT max(rowid) FROM uploads")
        let next = try connection.prepare(
            """
            SELECT \(CatalogueRow.columns) FROM uploads
            WHERE rowid > ?1 AND rowid <= ?2 AND state = 1 AND cleanup = 0
                AND finished_at <= CASE WHEN finished_at < \(CatalogueRow.finishedSecondsMax) THEN ?3 ELSE ?4 END
            """)
        let byID = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
        let latest = wallSeconds() - forgetSeconds
        var (row, forgotten) = (Int64(0), 0)
        while row < last, !isStopping.isRaised {
            let end = row + Int64(StorageLimits.sweepStepFiles)
            for upload in try uploads(next, after: row, to: end, latest, &failures) {
                do throws(StorageError) {
                    if try isTaken(upload), try forget(upload, byID) { forgotten += 1 }
                } catch { failures.add(error) }
            }
            row = end
            isStopping.sleep(nanosecondsMax: StorageLimits.sweepPauseNanoseconds)
        }
        return forgotten
    }

    private func uploads(
        _ statement: SQLiteStatement, after row: Int64, to end: Int64, _ latest: Int64,
        _ failures: inout SweepFailures
    ) throws(StorageError) -> [Upload] {
        defer { statement.reset() }
        try statement.bind(1, row)
        try statement.bind(2, end)
        try statement.bind(3, latest)
        // What was finished within that second counts: all of it is as old.
        try statement.bind(4, FinishedFile.lastNanosecond(ofSecond: latest))
        var found: [Upload] = []
        while try statement.step() {
            do throws(StorageError) { found.append(try CatalogueRow(from: statement).upload) } catch {
                failures.add(error)
            }
        }
        return found
    }

    /// Whether nothing of a finished upload is there any more. One that a crash kept from its name has a data file.
    private func isTaken(_ upload: Upload) throws(StorageError) -> Bool {
        guard let finished = upload.finished else { return false }
        guard try files.deliveredSize(upload.id, finished.name) == nil else { return false }
        return try files.dataSize(upload.id) == nil
    }

    /// Looks again while nobody else can touch the upload. What somebody holds, or has just changed, has time.
    private func forget(_ upload: Upload, _ byID: SQLiteStatement) throws(StorageError) -> Bool {
        let id = upload.id
        guard let token = table.claimAtRest(id) else { return false }
        defer { table.release(id, token) }
        guard let row = try CatalogueRow.find(id, byID), row.cleanup == .none, row.upload == upload,
            try isTaken(upload), try files.removeEmpty(id)
        else { return false }
        catalogue.enqueue(id, .remove(epoch: row.upload.epoch, owner: row.upload.owner))
        files.counters.add(.forgotten)
        return true
    }
}
