internal import LinuxSystem

/// Looks through the whole catalogue while it is in use, on the sweep's thread.
///
/// SQLite's own check is one long look at one state of the database; for as long, its log cannot start over and only
/// grows. So a large catalogue is read in slices instead, with a pause after each: every row, and every entry by which
/// a row is found.
struct CatalogueLook {
    private let connection: SQLiteConnection
    private let isStopping: StopFlag

    /// - Parameter connection: its own from here on.
    init(_ connection: SQLiteConnection, isStopping: StopFlag) {
        self.connection = connection
        connection.interrupt(by: isStopping)
        self.isStopping = isStopping
    }

    /// What is wrong with it, nil for a sound one.
    ///
    /// - Parameter most: how many bytes of it are looked through at once.
    /// - Throws: why it could not be read this time.
    func problem(upToBytes most: Int64 = StorageLimits.quickCheckBytesMax) throws(StorageError) -> StorageError? {
        do throws(StorageError) {
            let bytes = try connection.integer("PRAGMA page_count") * connection.integer("PRAGMA page_size")
            return bytes <= most ? try problemAtOnce() : try problemBySlices()
        } catch {
            if connection.isDamaged { return error }
            throw error
        }
    }

    private func problemAtOnce() throws(StorageError) -> StorageError? {
        let statement = try connection.prepare("PRAGMA quick_check(1)")
        guard try statement.step(), let text = statement.text(0), text != "ok" else { return nil }
        return CatalogueLook.damage(text)
    }

    private func problemBySlices() throws(StorageError) -> StorageError? {
        let last = try connection.integer("SELECT max(rowid) FROM uploads")
        // Lengths in bytes take the pages on which long texts go on.
        let slice = try connection.prepare(
            """
            SELECT count(*), sum(EXISTS (SELECT 1 FROM uploads AS same
                INDEXED BY sqlite_autoindex_uploads_1 WHERE same.id = uploads.id AND +same.rowid = uploads.rowid)),
                sum(length(CAST(name AS BLOB)) + length(CAST(metadata AS BLOB)) + length(CAST(concatenation AS BLOB))
                + length(CAST(finished_name AS BLOB)) + length(CAST(content_type AS BLOB)))
            FROM uploads NOT INDEXED WHERE rowid > ?1 AND rowid <= ?2
            """)
        var row: Int64 = 0
        while row < last, !isStopping.isRaised {
            let end = row + StorageLimits.catalogueSliceRows
            try slice.bind(1, row)
            try slice.bind(2, end)
            guard try slice.step() else { return nil }
            let (rows, found) = (slice.integer(0), slice.integer(1))
            slice.reset()
            if rows != found {
                return CatalogueLook.damage("\(rows - found) of the rows up to \(end) are not found by their ids")
            }
            row = end
            isStopping.sleep(nanosecondsMax: StorageLimits.sweepPauseNanoseconds)
        }
        // The other indexes are of what is unfinished, and of what is being removed: little beside the rest.
        for part in [
            "uploads WHERE expires IS NOT NULL", "uploads WHERE cleanup != 0", "uploads WHERE state = 0", "clock",
        ] {
            _ = try connection.integer("SELECT count(*) FROM \(part)")
        }
        return nil
    }

    private static func damage(_ text: String) -> StorageError {
        .catalogue("damaged: \(text); without a server, 'sluice check --repair' saves what can be read")
    }
}
