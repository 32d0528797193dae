internal import LinuxSystem
internal import Uploads

/// Looks for files that no record speaks of.
struct FilesCheck {
    let connection: SQLiteConnection
    let files: StoreFiles
    let repairs: Bool
    let report: CheckReport

    /// - Parameter hasLostRecords: whether such files may be what is left of an upload whose record was lost; otherwise
    ///   they are what a crash left of a deletion, and the server's sweep takes them away.
    func run(_ root: borrowing Directory, hasLostRecords: Bool) throws(StorageError) {
        try lookAtData(root, hasLostRecords: hasLostRecords)
        try lookAtDelivered()
    }

    private func lookAtData(_ root: borrowing Directory, hasLostRecords: Bool) throws(StorageError) {
        // Failed uploads keep what they have, and a whole file of a finished one has not got its name yet.
        let lookup = try connection.prepare(
            """
            SELECT 1 FROM uploads WHERE id = ?1 AND cleanup = 0
            AND (state IN (0, 2) OR state = 1 AND finished_length = ?2)
            """)
        for name in try files.dataNames() {
            guard let id = UploadID(name) else {
                report.note("uploads/\(name) is not a file of this server")
                continue
            }
            let size = try files.dataSize(id) ?? 0
            try lookup.bind(2, size)
            if try knows(id, lookup) { continue }
            guard hasLostRecords else {
                report.note("\(size) bytes without a record, left by a crash; the server removes them", of: id)
                continue
            }
            if repairs { try files.setAside(id, in: root) }
            report.damage(
                "\(size) bytes without a record: nobody knows how many of them are good", of: id,
                repair: repairs ? "moved to \(StoreFiles.lostName)/" : nil)
        }
    }

    private func lookAtDelivered() throws(StorageError) {
        let lookup = try connection.prepare("SELECT 1 FROM uploads WHERE id = ?1")
        let put = try connection.prepare(CatalogueRow.put)
        for name in try files.deliveredNames() {
            guard let id = UploadID(name) else {
                report.note("complete/\(name) is not a directory of this server")
                continue
            }
            if try knows(id, lookup) { continue }
            guard let file = try files.onlyDelivered(id) else {
                report.note("complete/\(id) has no record, and not one file", of: id)
                continue
            }
            if repairs {
                var upload = Upload(
                    id: id, dialect: .plain, length: file.length, name: file.name, createdSeconds: file.seconds)
                upload = upload.delivered(length: file.length, seconds: file.seconds)
                try CatalogueRow(upload: upload, cleanup: .none).bind(to: put, journal: 0)
                try put.run()
            }
            report.damage(
                "a finished file of \(file.length) bytes without a record", of: id,
                repair: repairs ? "recorded it as a finished upload" : nil)
        }
    }

    private func knows(_ id: UploadID, _ lookup: SQLiteStatement) throws(StorageError) -> Bool {
        defer { lookup.reset() }
        try lookup.bind(1, id.high, id.low)
        return try lookup.step()
    }
}
