internal import Uploads

/// One row of the catalogue: a record, and what is left to do about its files.
struct CatalogueRow {
    let upload: Upload
    let cleanup: Cleanup
    /// The batch of the journal that holds the bytes of a finished small file, `unjournaled` for one that needed none
    /// and for a file of a group, 0 for every other upload. Not 0 means that a data file is that whole file, which has
    /// not got its name yet.
    var journal: Int64 = 0

    /// Stands for the batch of a file that was recorded before it had its name, and is not in the journal.
    static let unjournaled: Int64 = -1

    /// Whether there may be bytes of an open upload.
    var isOpen: Bool { upload.state == .open && cleanup == .none }

    /// Whether the upload's bytes are known to be damaged.
    var isFailed: Bool { upload.state == .failed && cleanup == .none }

    /// The columns of a record in the order in which they are bound and read.
    static let names = [
        "id", "dialect", "state", "\"offset\"", "length", "name", "content_type", "metadata", "created", "expires",
        "finished_name", "finished_length", "finished_at", "cleanup", "concatenation", "epoch", "owner", "older_name",
        "sha256", "sha256_state", "trace",
    ]
    static let columns = names.joined(separator: ", ") + ", journal"

    /// How many they are; a column selected behind them has this number.
    static let columnCount = Int32(names.count) + 1

    /// The parameter of `put` behind those of the columns, of which the journal's is the last.
    private static let journalParameter = columnCount
    private static let resetsParameter = columnCount + 1

    /// Writes a whole row: whatever was lost on the way to the catalogue, the next change brings all of it.
    ///
    /// An open upload's bytes are never in the journal; what is said of a finished one stays until it is said anew. A
    /// row that is of a later epoch, or further on where that is not meant to be taken back, stays as it is: no row is
    /// changed then. One that is to be removed stands for no record, and takes nothing back.
    static let put = """
        INSERT INTO uploads (\(columns))
        VALUES (\((1..<columnCount).map { "?\($0)" }.joined(separator: ", ")), coalesce(?\(journalParameter), 0))
        ON CONFLICT (id) DO UPDATE SET
        \(names.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")),
        journal = CASE WHEN excluded.state = 0 THEN 0 ELSE coalesce(?\(journalParameter), journal) END
        WHERE epoch <= excluded.epoch AND ("offset" <= excluded."offset" OR cleanup = 1 OR ?\(resetsParameter))
        """

    /// The row of one upload, by a statement that selects `columns` where the id is its first parameter.
    static func find(_ id: UploadID, _ statement: SQLiteStatement) throws(StorageError) -> CatalogueRow? {
        defer { statement.reset() }
        try statement.bind(1, id.high, id.low)
        return try statement.step() ? try CatalogueRow(from: statement) : nil
    }

    /// - Parameter isDeleted: whether all files are to go, and the row.
    init(_ upload: Upload, isDeleted: Bool = false) {
        self.upload = upload
        cleanup = isDeleted ? .all : upload.state == .finished && !upload.older.isEmpty ? .older : .none
    }

    /// Between the names of older deliveries, as they are stored: no clean name has it.
    private static let nameSeparator: Character = "/"

    private static func stored(_ names: [CleanName]) -> String? {
        names.isEmpty ? nil : names.map(\.description).joined(separator: "\(nameSeparator)")
    }

    /// `finished_at` is in nanoseconds; below this, in a row that an earlier program wrote, in seconds.
    static let finishedSecondsMax: Int64 = 100_000_000_000

    /// What an offset or a length may be. Whoever computes with those of a record relies on it: no sum overflows.
    private static let lengths = 0...UploadLimits.lengthMax

    /// What a time may be, which is told and computed with as well; one that would be another is written as the nearer
    /// end.
    private static let times = UploadLimits.secondsRange

    private static func time(_ seconds: Int64) -> Int64 { min(max(seconds, times.lowerBound), times.upperBound) }

    static func nanoseconds(_ stored: Int64) -> Int64 {
        stored < finishedSecondsMax ? FinishedFile.nanoseconds(ofSecond: stored) : stored
    }

    /// - Parameters:
    ///   - journal: the batch of the journal that holds the bytes, nil where none does or that is known.
    ///   - resets: whether the recorded offset may be lowered.
    func bind(to statement: SQLiteStatement, journal: Int64?, resets: Bool = false) throws(StorageError) {
        try statement.bind(1, upload.id.high, upload.id.low)
        try statement.bind(2, upload.dialect.rawValue)
        try statement.bind(3, Int64(upload.state.rawValue))
        try statement.bind(4, upload.offset.bytes)
        try statement.bind(5, upload.length)
        try statement.bind(6, upload.name.description)
        try statement.bind(7, upload.contentType)
        try statement.bind(8, upload.metadata)
        try statement.bind(9, CatalogueRow.time(upload.createdSeconds))
        try statement.bind(10, upload.expiresSeconds.map(CatalogueRow.time))
        try statement.bind(11, upload.finished?.name.description)
        try statement.bind(12, upload.finished?.length)
        try statement.bind(13, upload.finished?.finishedNanoseconds)
        try statement.bind(14, cleanup.rawValue)
        try statement.bind(15, upload.concatenation?.stored)
        try statement.bind(16, upload.epoch)
        try statement.bind(17, upload.owner?.description)
        try statement.bind(18, CatalogueRow.stored(upload.older))
        try statement.bind(19, upload.finished?.sha256)
        try statement.bind(20, upload.digestState)
        try statement.bind(21, upload.trace)
        try statement.bind(CatalogueRow.journalParameter, journal)
        try statement.bind(CatalogueRow.resetsParameter, resets ? 1 : 0)
    }

    /// Reads the row on which a statement over `columns` stands.
    ///
    /// - Throws: `newerRecord` where everything is in order but for a word that this program does not know; otherwise
    ///   `catalogue` for what no version of it writes.
    init(from statement: SQLiteStatement) throws(StorageError) {
        guard let words = statement.words(0), let dialectName = statement.text(1),
            CatalogueWord.isPossible(dialectName), CatalogueWord.isPossible(statement.integer(2)),
            CatalogueRow.lengths.contains(statement.integer(3)), CatalogueRow.lengths.contains(statement.integer(4)),
            CatalogueRow.lengths.contains(statement.integer(11)),
            CatalogueRow.times.contains(statement.integer(8)), CatalogueRow.times.contains(statement.integer(9)),
            statement.integer(12) >= 0, CatalogueWord.isPossible(statement.integer(13)),
            statement.integer(15) >= 0, statement.integer(15) < .max, let name = statement.text(5)
        else { throw CatalogueRow.nonsense }
        let id = UploadID(high: words.high, low: words.low)
        guard let dialect = DialectName(rawValue: dialectName),
            let state = UInt8(exactly: statement.integer(2)).flatMap(UploadState.init(rawValue:)),
            let cleanup = Cleanup(rawValue: statement.integer(13))
        else { throw .newerRecord(id) }
        var upload = Upload(
            id: id, dialect: dialect, state: state,
            offset: Offset(statement.integer(3)), length: statement.optionalInteger(4), name: CleanName(name),
            contentType: statement.text(6), metadata: statement.text(7), createdSeconds: statement.integer(8),
            expiresSeconds: statement.optionalInteger(9))
        upload.epoch = statement.integer(15)
        if let name = statement.text(16) {
            guard let owner = Owner(name) else { throw CatalogueRow.nonsense }
            upload.owner = owner
        }
        upload.digestState = statement.bytes(19, count: 1...StorageLimits.digestStateBytesMax)
        if let finishedName = statement.text(10) {
            upload.finished = FinishedFile(
                name: CleanName(finishedName), length: statement.integer(11),
                finishedNanoseconds: CatalogueRow.nanoseconds(statement.integer(12)),
                sha256: statement.bytes(18, count: 32...32))
        }
        if let stored = statement.text(14) {
            upload.concatenation = try CatalogueRow.concatenation(stored, of: id)
        }
        if let names = statement.text(17) {
            upload.older = names.split(separator: CatalogueRow.nameSeparator).map { CleanName(String($0)) }
        }
        upload.trace = statement.text(20)
        self.upload = upload
        self.cleanup = cleanup
        journal = statement.integer(21)
    }

    private static func concatenation(_ stored: String, of id: UploadID) throws(StorageError) -> Concatenation {
        if let concatenation = Concatenation(stored: stored) { return concatenation }
        let word = Substring(stored.utf8.prefix { $0 != 0x20 && $0 != 0x0A })
        guard CatalogueWord.isPossible(word), Concatenation.Word(rawValue: String(word)) == nil else {
            throw CatalogueRow.nonsense
        }
        throw .newerRecord(id)
    }

    private static let nonsense = StorageError.catalogue("a row holds what no version of this program writes")
}
