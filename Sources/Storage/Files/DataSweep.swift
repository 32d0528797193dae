internal import Uploads

/// Removes data files that no open record stands for: what a crash, a refused request or a full disk left behind. In
/// small steps, on the sweep's thread. What it cannot look at or remove is passed over, counted, and told of.
struct DataSweep {
    let recovery: Recovery
    let table: UploadTable
    let catalogue: Catalogue
    let connection: SQLiteConnection
    /// Files written since are not looked at; nil for all of them. Right after the start they belong to this run, and
    /// looking at each would only take time.
    let beforeNanoseconds: Int64?
    let isStopping: StopFlag

    private var files: StoreFiles { recovery.files }

    /// Answers how many files were removed.
    func run(_ failures: inout SweepFailures) throws(StorageError) -> Int {
        let byID = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
        var (seen, removed) = (0, 0)
        var missed = SweepFailures()
        try files.forEachData { name in
            do throws(StorageError) {
                if try sweep(name, byID) { removed += 1 }
            } catch { missed.add(error) }
            seen += 1
            if seen % StorageLimits.sweepStepFiles == 0 {
                isStopping.sleep(nanosecondsMax: StorageLimits.sweepPauseNanoseconds)
            }
            return !isStopping.isRaised
        }
        failures.add(missed)
        return removed
    }

    private func sweep(_ name: String, _ byID: SQLiteStatement) throws(StorageError) -> Bool {
        guard let id = UploadID(name), files.awaited.failure(id) == nil else { return false }
        if let beforeNanoseconds {
            guard try files.dataModificationNanoseconds(name) ?? .max < beforeNanoseconds else { return false }
        }
        let known = try CatalogueRow.find(id, byID)
        // Bytes of a damaged upload may be all that its owner has; they go with the record.
        if known?.isFailed ?? false { return false }
        if let known, known.isOpen {
            if beforeNanoseconds != nil { try giveBack(known.upload, byID) }
            return false
        }
        // Looked at again while nobody else can create or restart it.
        guard let token = table.claimAtRest(id) else { return false }
        defer { table.release(id, token) }
        let row = try CatalogueRow.find(id, byID)
        if row?.isOpen ?? false { return false }
        if let row, row.cleanup != .all {
            switch try recovery.nameLeft(row) {
            case .nothing: break
            case .named:
                files.report(.deliveredAfterCrash(id))
                return false
            case .otherName(let renamed):
                catalogue.enqueue(id, .put(renamed)) { [files] _ in files.leftBehind() }
                return false
            }
        }
        let isRemoved = try files.removeData(id)
        // Nothing was ever recorded of it, whose place may be made already.
        if row == nil { _ = try files.removeEmpty(id) }
        return isRemoved
    }

    private func giveBack(_ upload: Upload, _ byID: SQLiteStatement) throws(StorageError) {
        guard let token = table.claimUnknown(upload.id) else { return }
        defer { table.release(upload.id, token) }
        guard let row = try CatalogueRow.find(upload.id, byID), row.isOpen, row.upload == upload else { return }
        try files.giveBack(upload.id, beyond: upload.offset)
    }
}
