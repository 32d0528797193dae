internal import Uploads

/// Commits changes, many at a time: all that gathered while the last commit was on its way share one transaction, one
/// sync of each directory they need, and one sync of the log. Confined to the catalogue's thread.
final class CatalogueWriter {
    private let connection: SQLiteConnection
    private let begin: SQLiteStatement
    private let commit: SQLiteStatement
    private let rollback: SQLiteStatement
    private let put: SQLiteStatement
    private let remove: SQLiteStatement
    private let files: StoreFiles
    private let table: UploadTable
    private let health: StoreHealth

    init(
        connection: SQLiteConnection, files: StoreFiles, table: UploadTable, health: StoreHealth
    ) throws(StorageError) {
        self.connection = connection
        self.files = files
        self.table = table
        self.health = health
        begin = try connection.prepare("BEGIN IMMEDIATE")
        commit = try connection.prepare("COMMIT")
        rollback = try connection.prepare("ROLLBACK")
        put = try connection.prepare(CatalogueRow.put)
        remove = try connection.prepare("DELETE FROM uploads WHERE id = ?1")
    }

    /// Commits until the queue has ended.
    func run(_ changes: BatchQueue<CatalogueChange>) {
        while let batch = changes.next() {
            var rest = batch[...]
            while !rest.isEmpty {
                apply(rest.prefix(StorageLimits.changesPerCommitMax))
                rest = rest.dropFirst(StorageLimits.changesPerCommitMax)
            }
        }
    }

    private func apply(_ changes: ArraySlice<CatalogueChange>) {
        let needed = changes.reduce(into: DirectorySyncs()) { $0.formUnion($1.syncs) }
        let unsynced = needed.isEmpty ? (DirectorySyncs(), nil) : files.sync(needed)
        // A change whose directory could not be synced fails alone: an offset must not be told before its file's name
        // is on the disk.
        let outcomes: [StorageError?] = changes.map { $0.syncs.isDisjoint(with: unsynced.0) ? nil : unsynced.1 }
        let failure = write(zip(changes, outcomes).filter { $0.1 == nil }.map(\.0))
        let results = zip(changes, outcomes).map { ($0, $1 ?? failure) }
        table.committed(results)
        for (change, failure) in results { change.done?(failure) }
    }

    /// One transaction. After a failure that may have left a whole transaction in the log, the catalogue takes no
    /// more: a change reported as failed could come back at the next start, and must then still be true.
    private func write(_ changes: [CatalogueChange]) -> StorageError? {
        if let failure = health.failure { return failure }
        if changes.isEmpty { return nil }
        do throws(StorageError) {
            try begin.run()
            for change in changes { try write(change) }
            try commit.run()
            files.counters.countCommit(changes: changes.count)
            return nil
        } catch {
            let isClean = connection.hasFailedCleanly
            try? rollback.run()
            if !isClean { health.fail(error) }
            return error
        }
    }

    private func write(_ change: CatalogueChange) throws(StorageError) {
        switch change.content {
        case .put(let upload, let cleanup):
            try CatalogueRow(upload: upload, cleanup: cleanup).bind(to: put)
            try put.run()
        case .remove:
            try remove.bind(1, change.id.high, change.id.low)
            try remove.run()
        }
    }
}
