internal import Uploads

/// Removes files whose removal is recorded but did not come to its end: a crash came between, or something was in the
/// way. There are few such records: each goes with its files.
struct CleanupSweep {
    let connection: SQLiteConnection
    let files: StoreFiles

    /// At the start, before anybody can hold an upload. What cannot be removed stays recorded and is tried again while
    /// the store is open.
    func runAtStart() throws(StorageError) {
        var (failures, done) = (SweepFailures(), [Int64]())
        for (number, row) in try rows(&failures) {
            do throws(StorageError) {
                try clean(row)
                done.append(number)
            } catch { files.report(.removalFailed(row.upload.id, error)) }
        }
        if let odd = failures.first { files.report(.sweepFailed(odd, count: failures.count)) }
        if done.isEmpty { return }
        let (_, failure) = files.sync([.uploads, .complete])
        do throws(StorageError) {
            if let failure { throw failure }
            try forget(done)
        } catch { files.report(.sweepFailed(error, count: done.count)) }
    }

    /// While the store is open, on the sweep's thread. Passes over uploads that somebody holds.
    func run(_ table: UploadTable, _ catalogue: Catalogue, _ failures: inout SweepFailures) throws(StorageError) {
        let byID = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
        for (_, row) in try rows(&failures) {
            let id = row.upload.id
            guard let token = table.claimAtRest(id) else { continue }
            defer { table.release(id, token) }
            do throws(StorageError) {
                guard let now = try CatalogueRow.find(id, byID), now.cleanup != .none else { continue }
                try clean(now)
                var upload = now.upload
                upload.older = []
                let content: CatalogueChange.Content =
                    now.cleanup == .all ? .remove(epoch: upload.epoch, owner: upload.owner) : .put(upload)
                catalogue.enqueue(id, content, syncs: [.uploads, .complete])
            } catch { failures.add(error) }
        }
    }

    private func rows(_ failures: inout SweepFailures) throws(StorageError) -> [(Int64, CatalogueRow)] {
        let statement = try connection.prepare("SELECT \(CatalogueRow.columns), rowid FROM uploads WHERE cleanup != 0")
        defer { statement.reset() }
        var rows: [(Int64, CatalogueRow)] = []
        while try statement.step() {
            do throws(StorageError) {
                rows.append((statement.integer(CatalogueRow.columnCount), try CatalogueRow(from: statement)))
            } catch { failures.add(error) }
        }
        return rows
    }

    private func clean(_ row: CatalogueRow) throws(StorageError) {
        switch row.cleanup {
        case .none: break
        case .all: try files.removeAll(row.upload)
        case .older:
            if !row.upload.older.isEmpty { return try files.removeOlder(row.upload) }
            if let kept = row.upload.finished?.name { try files.tellOfStrangers(row.upload.id, beside: kept) }
        }
    }

    private func forget(_ numbers: [Int64]) throws(StorageError) {
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StorageError) {
            let remove = try connection.prepare("DELETE FROM uploads WHERE rowid = ?1 AND cleanup = 1")
            let settle = try connection.prepare("UPDATE uploads SET cleanup = 0, older_name = NULL WHERE rowid = ?1")
            for number in numbers {
                for statement in [remove, settle] {
                    try statement.bind(1, number)
                    try statement.run()
                }
            }
            try connection.execute("COMMIT")
        } catch {
            try? connection.execute("ROLLBACK")
            throw error
        }
    }
}
