internal import Uploads

/// Reads how far finished files are on their way. Confined to the thread that reads records.
struct FileDeliveryReader {
    private let placed: SQLiteStatement
    /// Nil where nobody is to be told of anything, nor files to be brought.
    private let leaving: SQLiteStatement?

    /// Nil where no file of this catalogue was ever to be brought anywhere.
    init?(_ connection: SQLiteConnection) throws(StorageError) {
        func has(_ name: String) throws(StorageError) -> Bool {
            try connection.integer("SELECT count(*) FROM main.sqlite_schema WHERE name = '\(name)'") > 0
        }
        guard try has("placements") else { return nil }
        placed = try connection.prepare(
            "SELECT bucket, object_key, at FROM placements WHERE upload = ?1 AND finished_at = ?2")
        guard try has("events_on_their_way") else {
            leaving = nil
            return
        }
        leaving = try connection.prepare(
            """
            SELECT at FROM events INDEXED BY events_on_their_way WHERE upload = ?1 AND \(CatalogueEvents.isOnItsWay)
            AND kind = \(EventStage.leavingNumber) AND finished_at = ?2
            """)
    }

    /// Nil for an upload without a file, and for a file that stays here.
    func delivery(of upload: Upload) throws(StorageError) -> FileDelivery? {
        guard let finished = upload.finished else { return nil }
        defer {
            placed.reset()
            leaving?.reset()
        }
        try placed.bind(1, upload.id.high, upload.id.low)
        try placed.bind(2, finished.finishedNanoseconds)
        if try placed.step() {
            guard let bucket = placed.text(0), let key = placed.text(1) else {
                return .abandoned(milliseconds: placed.integer(2))
            }
            return .placed(StoredPlace(bucket: bucket, key: key), milliseconds: placed.integer(2))
        }
        guard let leaving else { return nil }
        try leaving.bind(1, upload.id.high, upload.id.low)
        try leaving.bind(2, finished.finishedNanoseconds)
        return try leaving.step() ? .waiting(milliseconds: leaving.integer(0)) : nil
    }
}
