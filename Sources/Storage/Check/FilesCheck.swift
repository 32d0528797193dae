internal import Uploads

/// Looks for files that no record speaks of.
struct FilesCheck {
    let connection: SQLiteConnection
    let files: StoreFiles
    let repairs: Bool
    /// Uploads whose records a newer program has written: what files they have it alone knows.
    let newer: Set<UploadID>
    let report: CheckReport

    /// - Parameter hasLostRecords: whether such files may be what is left of an upload whose record was lost; otherwise
    ///   they are what a crash left of a deletion, which is no damage.
    func run(hasLostRecords: Bool) throws(StorageError) {
        try lookAtData(hasLostRecords: hasLostRecords)
        try lookAtDelivered()
    }

    private func lookAtData(hasLostRecords: Bool) throws(StorageError) {
        // Failed uploads keep what they have, and a whole file of a finished one has not got its name yet.
        let lookup = try connection.prepare(
            """
            SELECT 1 FROM uploads WHERE id = ?1 AND cleanup = 0
            AND (state IN (0, 2) OR state = 1 AND finished_length = ?2)
            """)
        for name in try files.dataNames() {
            guard let id = UploadID(name) else {
                report.note("\(StoreFiles.uploadsName)/\(name) is not a file of this server")
                continue
            }
            if newer.contains(id) { continue }
            do throws(StorageError) {
                guard let size = try files.dataSize(id) else {
                    report.note("\(files.dataPath(id)) is not a file", of: id)
                    continue
                }
                try lookup.bind(2, size)
                if try knows(id, lookup) { continue }
                try tellOfUnknown(id, size, hasLostRecords: hasLostRecords)
            } catch { report.damage("cannot be looked at: \(error)", of: id) }
        }
    }

    /// Bytes that no record vouches for. The server's sweep takes them away unless a repair has put them aside.
    private func tellOfUnknown(_ id: UploadID, _ size: Int64, hasLostRecords: Bool) throws(StorageError) {
        let aside = repairs && size > 0 ? try files.setAside(id) : nil
        if hasLostRecords {
            return report.damage(
                "\(size) bytes without a record: nobody knows how many of them are good", of: id,
                repair: aside.map { "moved to \($0)" } ?? (repairs ? "nothing to keep" : nil))
        }
        let next = aside.map { "moved to \($0)" } ?? "the server removes them"
        report.note("\(size) bytes without a record, left by a crash; \(next)", of: id)
    }

    private func lookAtDelivered() throws(StorageError) {
        let lookup = try connection.prepare("SELECT 1 FROM uploads WHERE id = ?1")
        for name in try files.deliveredNames() {
            guard let id = UploadID(name) else {
                report.note("\(StoreFiles.completeName)/\(name) is not a directory of this server")
                continue
            }
            do throws(StorageError) {
                if try !knows(id, lookup) { try adopt(id) }
            } catch { report.damage("cannot be looked at: \(error)", of: id) }
        }
    }

    private func adopt(_ id: UploadID) throws(StorageError) {
        guard let file = try files.onlyDelivered(id) else {
            return report.note("\(StoreFiles.completeName)/\(id) has no record, and not one file", of: id)
        }
        if repairs {
            var upload = Upload(
                id: id, dialect: .plain, length: file.length, name: file.name, createdSeconds: file.seconds)
            upload = upload.delivered(length: file.length, seconds: file.seconds)
            let put = try connection.prepare(CatalogueRow.put)
            try CatalogueRow(upload).bind(to: put, journal: 0)
            try put.run()
            report.summary.records += 1
            report.summary.finished += 1
        }
        report.damage(
            "a finished file of \(file.length) bytes without a record", of: id,
            repair: repairs ? "recorded it as a finished upload of nobody, since no file says whose it is" : nil)
    }

    private func knows(_ id: UploadID, _ lookup: SQLiteStatement) throws(StorageError) -> Bool {
        defer { lookup.reset() }
        try lookup.bind(1, id.high, id.low)
        return try lookup.step()
    }
}
