internal import Uploads

/// Deletes what the run before this one has left of uploads of the plain dialect. Their clients learn the address with
/// the last byte, so nobody can go on with one, or knows of it. After the start, in small steps, on the sweep's thread.
///
/// Here the records are marked; the files go with the next sweep, as those of every deletion that a crash has cut
/// short.
struct AbandonedSweep {
    let recovery: Recovery
    let table: UploadTable
    let catalogue: Catalogue
    let connection: SQLiteConnection
    let isStopping: StopFlag

    func run(_ failures: inout SweepFailures) throws(StorageError) {
        let byID = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
        for (number, id) in try openIDs().enumerated() {
            if isStopping.isRaised { return }
            do throws(StorageError) { try end(id, byID) } catch { failures.add(error) }
            if number % StorageLimits.sweepStepFiles == 0 {
                isStopping.sleep(nanosecondsMax: StorageLimits.sweepPauseNanoseconds)
            }
        }
    }

    /// Those of this run among them: somebody holds these.
    private func openIDs() throws(StorageError) -> [UploadID] {
        let open = try connection.prepare("SELECT id FROM uploads WHERE state = 0 AND cleanup = 0 AND dialect = ?1")
        defer { open.reset() }
        try open.bind(1, DialectName.plain.rawValue)
        var ids: [UploadID] = []
        while try open.step() {
            if let words = open.words(0) { ids.append(UploadID(high: words.high, low: words.low)) }
        }
        return ids
    }

    private func end(_ id: UploadID, _ byID: SQLiteStatement) throws(StorageError) {
        guard let token = table.claimAtRest(id) else { return }
        defer { table.release(id, token) }
        guard let row = try CatalogueRow.find(id, byID), row.isOpen, row.upload.dialect == .plain else { return }
        var upload = row.upload
        table.know(upload)
        let files = recovery.files
        // It was whole, and stands under its name already: then it is a file like others.
        if try files.dataSize(id) == nil, try files.renamedLength(upload) != nil,
            let whole = try recovery.examine(row).correction, whole.state == .finished
        {
            return catalogue.enqueue(id, .put(whole), syncs: [.uploads, .complete])
        }
        upload.epoch += 1
        catalogue.enqueue(id, .delete(upload), isVisible: true) { _ in files.leftBehind() }
    }
}
