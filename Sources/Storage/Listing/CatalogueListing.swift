internal import Uploads

/// Reads many records, in steps that are bounded by how many rows are looked at, so that nobody waits for long behind
/// one. Confined to the thread that reads records.
struct CatalogueListing {
    /// Rows are numbered in the order in which uploads began.
    private static let columns = "\(CatalogueRow.columns), rowid"
    private static let row = CatalogueRow.columnCount
    private static let (state, cleanup, owner): (Int32, Int32, Int32) = (2, 13, 16)

    private let all: SQLiteStatement
    /// Nil without the index, which a catalogue can do without: all rows are looked at then.
    private let open: SQLiteStatement?
    private let owners: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StorageError) {
        all = try connection.prepare(
            "SELECT \(CatalogueListing.columns) FROM uploads WHERE rowid < ?1 ORDER BY rowid DESC LIMIT ?2")
        // A row to be removed is no open upload's, and older deliveries are those of finished ones.
        open = try? connection.prepare(
            """
            SELECT \(CatalogueListing.columns) FROM uploads INDEXED BY uploads_open
            WHERE state = 0 AND cleanup = 0 AND rowid < ?1 ORDER BY rowid DESC LIMIT ?2
            """)
        owners = try connection.prepare(
            "SELECT owner, bytes, files, open FROM usage WHERE owner > ?1 ORDER BY owner LIMIT ?2")
    }

    /// Rows that no program of this version writes are passed over; a check tells of them.
    func uploads(_ request: ListRequest) throws(StorageError) -> ListedUploads {
        let statement = request.filter.state == .open ? open ?? all : all
        defer { statement.reset() }
        try statement.bind(1, request.before ?? .max)
        try statement.bind(2, Int64(StorageLimits.listedRowsMax))
        var listed = ListedUploads()
        var rows = 0
        while try statement.step() {
            rows += 1
            listed.next = statement.integer(CatalogueListing.row)
            guard let upload = CatalogueListing.upload(statement, request.filter) else { continue }
            listed.uploads.append(upload)
            if listed.uploads.count == request.limit { return listed }
        }
        if rows < StorageLimits.listedRowsMax { listed.next = nil }
        return listed
    }

    func owners(after name: String, limit: Int) throws(StorageError) -> [OwnerUsage] {
        defer { owners.reset() }
        try owners.bind(1, name)
        try owners.bind(2, Int64(limit))
        var found: [OwnerUsage] = []
        while try owners.step() {
            guard let owner = owners.text(0).flatMap({ Owner($0) }) else { continue }
            let usage = Usage(bytes: owners.integer(1), files: owners.integer(2), open: owners.integer(3))
            found.append(OwnerUsage(owner: owner, usage: usage))
        }
        return found
    }

    /// The record, if it is one that is asked for: what is cheap to see is looked at first.
    private static func upload(_ statement: SQLiteStatement, _ filter: UploadFilter) -> Upload? {
        if statement.integer(cleanup) == Cleanup.all.rawValue { return nil }
        if let state = filter.state, statement.integer(self.state) != Int64(state.rawValue) { return nil }
        if let owner = filter.owner, statement.text(self.owner).flatMap({ Owner($0) }) != owner { return nil }
        return (try? CatalogueRow(from: statement))?.upload
    }
}
