internal import Uploads

/// Compares every record with the file that it speaks of.
struct RecordsCheck {
    let connection: SQLiteConnection
    let files: StoreFiles
    let repairs: Bool
    /// Uploads whose files the journal has, and the next start will write.
    let pending: Set<UploadID>
    let report: CheckReport

    /// Answers whether there were rows that could not be understood, and which records a newer program has written:
    /// those are kept as they are, and so are their files.
    func run() throws(StorageError) -> (hasNonsense: Bool, newer: Set<UploadID>) {
        var nonsense: [Int64] = []
        var newer: Set<UploadID> = []
        var broken: [Upload] = []
        let rows = try connection.prepare("SELECT \(CatalogueRow.columns), rowid FROM uploads ORDER BY rowid")
        while try rows.step() {
            report.summary.records += 1
            let row: CatalogueRow
            do throws(StorageError) { row = try CatalogueRow(from: rows) } catch {
                if case .newerRecord(let id) = error {
                    newer.insert(id)
                    report.note("was written by a newer program; it is kept as it is", of: id)
                } else {
                    nonsense.append(rows.integer(CatalogueRow.columnCount))
                }
                continue
            }
            do throws(StorageError) {
                if try !isKept(row) { broken.append(row.upload) }
            } catch { report.damage("its files cannot be looked at: \(error)", of: row.upload.id) }
        }
        rows.reset()
        try forget(nonsense)
        try fail(broken)
        return (!nonsense.isEmpty, newer)
    }

    /// Whether everything that was told of an upload is there.
    private func isKept(_ row: CatalogueRow) throws(StorageError) -> Bool {
        let upload = row.upload
        switch row.cleanup {
        case .none: break
        case .all:
            report.note("was deleted; the server removes what is left of it when it can", of: upload.id)
            return true
        case .older: break
        }
        for name in upload.older {
            report.note("was delivered as \(name) before; the server removes that file when it can", of: upload.id)
        }
        switch upload.state {
        case .open:
            report.summary.open += 1
            return try isOpenSound(upload)
        case .finished:
            report.summary.finished += 1
            try lookAtFinished(row)
        case .failed: report.note("is failed: bytes of it were lost, and its client was told so", of: upload.id)
        case .expired: break
        }
        return true
    }

    private func isOpenSound(_ upload: Upload) throws(StorageError) -> Bool {
        let size = try files.dataSize(upload.id)
        if let size, size >= upload.offset.bytes { return true }
        if size == nil {
            if try files.renamedLength(upload) != nil {
                report.note(
                    "is finished, its record not yet; the server puts that right when it is asked", of: upload.id)
                return true
            }
            if upload.offset == .zero { return true }
        }
        return false
    }

    /// A finished file is its owner's: it may be changed or taken away.
    private func lookAtFinished(_ row: CatalogueRow) throws(StorageError) {
        let upload = row.upload
        guard let finished = upload.finished else { return }
        if pending.contains(upload.id) {
            return report.note("is in the journal; the server writes its file when it starts", of: upload.id)
        }
        guard let size = try files.deliveredSize(upload.id, finished.name) else {
            if row.journal != 0, try files.dataSize(upload.id) == finished.length {
                return report.note("is finished; the server gives its file its name when it starts", of: upload.id)
            }
            return report.note("was finished, and its file was taken away", of: upload.id)
        }
        if size != finished.length {
            report.note("was finished with \(finished.length) bytes, its file has \(size) now", of: upload.id)
        }
        for name in try files.strangers(upload.id, beside: finished.name) {
            report.note("complete/\(upload.id)/\(name) is not its file, and is kept", of: upload.id)
        }
    }

    private func forget(_ rows: [Int64]) throws(StorageError) {
        for row in rows {
            let aside = "lost_rows_\(CatalogueSchema.version)"
            if repairs {
                try connection.execute(
                    """
                    CREATE TABLE IF NOT EXISTS \(aside) AS SELECT * FROM uploads WHERE 0;
                    INSERT INTO \(aside) SELECT * FROM uploads WHERE rowid = \(row);
                    DELETE FROM uploads WHERE rowid = \(row)
                    """)
                report.summary.records -= 1
            }
            report.damage(
                "row \(row) of the catalogue holds what no version of this program writes",
                repair: repairs ? "moved it to the table \(aside)" : nil)
        }
    }

    private func fail(_ uploads: [Upload]) throws(StorageError) {
        for upload in uploads {
            let size = try files.dataSize(upload.id)
            let found = size.map { "\($0) are there" } ?? "its file is gone"
            report.damage(
                "\(upload.offset) bytes were acknowledged, \(found)", of: upload.id,
                repair: repairs ? try failed(upload, size) : nil)
        }
    }

    /// The bytes that are there may be all that is left of the file, and the record vouches for them no more.
    private func failed(_ upload: Upload, _ size: Int64?) throws(StorageError) -> String {
        var failed = upload
        failed.state = .failed
        let put = try connection.prepare(CatalogueRow.put)
        try CatalogueRow(failed).bind(to: put, journal: nil)
        try put.run()
        report.summary.open -= 1
        let step = "marked as failed, so that its client begins anew"
        return size ?? 0 > 0 ? "\(step); its bytes are in \(try files.setAside(upload.id))" : step
    }
}
