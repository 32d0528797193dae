internal import Uploads

/// Compares what is recorded of each owner's usage with the records. Limits are decided by it.
struct UsageCheck {
    let connection: SQLiteConnection
    let repairs: Bool
    let report: CheckReport

    func run() throws(StorageError) {
        // A catalogue of an older program has none; the server counts when it starts.
        guard try CatalogueUsage.isThere(connection) else { return }
        let differences = try connection.prepare(CatalogueUsage.differences)
        var isWrong = false
        while try differences.step() {
            isWrong = true
            let owner = differences.text(0).flatMap { Owner($0) }?.description ?? "?"
            let (recorded, counted) = (usage(differences, 1), usage(differences, 4))
            report.damage(
                "owner \(owner): usage is recorded as \(text(recorded)), the records come to \(text(counted))",
                repair: repairs ? "counted anew" : nil)
        }
        differences.reset()
        if isWrong, repairs { try connection.execute(CatalogueUsage.recount) }
    }

    private func usage(_ row: SQLiteStatement, _ column: Int32) -> Usage {
        Usage(bytes: row.integer(column), files: row.integer(column + 1), open: row.integer(column + 2))
    }

    private func text(_ usage: Usage) -> String {
        "\(usage.bytes) bytes, \(usage.files) files, \(usage.open) unfinished"
    }
}
