internal import Uploads

/// Copies the records of a damaged catalogue that can still be read.
///
/// The table is read by row number from both ends. Where both ways end at damaged pages, the gap between them is halved
/// and read again, until it is smaller than a page or the patience is at its end.
struct CatalogueSalvage {
    private let sourcePath: String
    private let target: SQLiteConnection

    init(from path: String, to target: SQLiteConnection) {
        sourcePath = path
        self.target = target
    }

    /// Answers how many records were copied.
    func run() throws(StorageError) -> Int {
        // Whatever is wrong with the damaged one, up to its very first page, costs records and not the repair.
        guard let source = try? SQLiteConnection(path: sourcePath, writes: false) else { return 0 }
        // A catalogue of an older program that is too damaged to be carried over lacks columns.
        let older = Dictionary(
            uniqueKeysWithValues: CatalogueVersion.all.flatMap(\.columns).map { ($0.name, $0.older) })
        let columns = (CatalogueRow.names + ["journal"]).map { name in
            (try? source.prepare("SELECT \(name) FROM uploads LIMIT 0")) == nil ? older[name] ?? name : name
        }
        guard let ascending = try? source.prepare(CatalogueSalvage.select(columns, "ASC")),
            let descending = try? source.prepare(CatalogueSalvage.select(columns, "DESC"))
        else { return 0 }
        let put = RowWriter(
            known: try target.prepare(CatalogueRow.put),
            any: try target.prepare(
                """
                INSERT OR IGNORE INTO uploads (\(CatalogueRow.columns), journal)
                VALUES (\((0...CatalogueRow.columnCount).map { "?\($0 + 1)" }.joined(separator: ", ")))
                """))
        var rows = 0
        var reads = 0
        var gaps: [ClosedRange<Int64>] = [1...Int64.max]
        try target.execute("BEGIN IMMEDIATE")
        while let gap = gaps.popLast(), reads < StorageLimits.salvageReadsMax {
            reads += 2
            let upwards = try copy(gap, ascending, to: put)
            rows += upwards.rows
            if upwards.isWhole { continue }
            if upwards.last == gap.upperBound { continue }
            let low = max(gap.lowerBound, (upwards.last ?? 0) + 1)
            let downwards = try copy(low...gap.upperBound, descending, to: put)
            rows += downwards.rows
            let high = min(gap.upperBound, (downwards.last ?? .max) - 1)
            if downwards.isWhole || high - low < StorageLimits.salvageGapRowsMin { continue }
            let middle = low + (high - low) / 2
            gaps += [low...middle, (middle + 1)...high]
        }
        try copyPlacements(source)
        try target.execute("COMMIT")
        return rows
    }

    /// Where files are that are not here any more, as far as that can be read.
    private func copyPlacements(_ source: SQLiteConnection) throws(StorageError) {
        guard
            let read = try? source.prepare("SELECT upload, finished_at, bucket, object_key, at FROM placements"),
            (try? read.step()) == true
        else { return }
        defer { read.reset() }
        try target.execute(CatalogueEvents.placements)
        let put = try target.prepare("INSERT OR REPLACE INTO placements VALUES (?1, ?2, ?3, ?4, ?5)")
        repeat {
            try read.copyRow(to: put, count: 5)
            // What is nonsense is as lost as what cannot be read.
            try? put.run()
        } while (try? read.step()) == true
    }

    /// What writes into the new catalogue.
    private struct RowWriter {
        /// A record.
        let known: SQLiteStatement
        /// A row as it is.
        let any: SQLiteStatement
    }

    private static func select(_ columns: [String], _ order: String) -> String {
        """
        SELECT \(columns.joined(separator: ", ")), rowid FROM uploads NOT INDEXED \
        WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid \(order)
        """
    }

    /// Copies rows up to the end of the range (it was read as a whole), or up to damage; `last` is the number of the
    /// last row that could be read.
    private func copy(
        _ range: ClosedRange<Int64>, _ source: SQLiteStatement, to put: RowWriter
    ) throws(StorageError) -> (rows: Int, last: Int64?, isWhole: Bool) {
        var rows = 0
        var last: Int64?
        try source.bind(1, range.lowerBound)
        try source.bind(2, range.upperBound)
        defer { source.reset() }
        while true {
            guard let isRow = try? source.step() else { return (rows, last, false) }
            if !isRow { return (rows, last, true) }
            last = source.integer(CatalogueRow.columnCount + 1)
            if try copyRow(source, to: put) { rows += 1 }
        }
    }

    /// A row of nonsense is as lost as one that cannot be read; one of a newer program goes over as it is.
    private func copyRow(_ source: SQLiteStatement, to put: RowWriter) throws(StorageError) -> Bool {
        let row: CatalogueRow
        do throws(StorageError) { row = try CatalogueRow(from: source) } catch {
            guard case .newerRecord = error else { return false }
            try source.copyRow(to: put.any, count: CatalogueRow.columnCount + 1)
            try put.any.run()
            return true
        }
        try row.bind(to: put.known, journal: source.integer(CatalogueRow.columnCount))
        try put.known.run()
        return true
    }
}
