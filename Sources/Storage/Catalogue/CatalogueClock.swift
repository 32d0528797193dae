internal import LinuxSystem

/// When the catalogue was last in use, kept in a table of its own that older programs do not mind: a clock that has
/// leapt since is doubted at the start as it is while the server runs.
struct CatalogueClock {
    /// How far the kept time may lag behind, in seconds, so that few commits carry it.
    private static let lagSecondsMax: Int64 = 600

    private let put: SQLiteStatement
    private let nowSeconds: @Sendable () -> Int64
    private var kept: Int64?

    /// - Parameter nowSeconds: the time as believed, in seconds since 1970-01-01 UTC.
    init(_ connection: SQLiteConnection, nowSeconds: @escaping @Sendable () -> Int64) throws(StorageError) {
        put = try connection.prepare("INSERT INTO clock VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET seen = ?1")
        self.nowSeconds = nowSeconds
        kept = CatalogueClock.lastSeen(connection)
    }

    static let create = """
        CREATE TABLE IF NOT EXISTS clock (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            seen INTEGER NOT NULL              -- seconds since 1970-01-01 UTC: when the catalogue was last in use
        ) STRICT
        """

    /// Seconds since 1970-01-01 UTC; nil for a catalogue without uploads, or one that is damaged just there. One of an
    /// older program tells by its youngest record. What can be no time counts as none.
    static func lastSeen(_ connection: SQLiteConnection) -> Int64? {
        for query in ["SELECT seen FROM clock", "SELECT created FROM uploads ORDER BY rowid DESC LIMIT 1"] {
            guard let statement = try? connection.prepare(query), (try? statement.step()) ?? false else { continue }
            let seconds = statement.integer(0)
            if SteadyClock.secondsRange.contains(seconds) { return seconds }
        }
        return nil
    }

    /// Whether what is kept can be no time.
    static func isDamaged(_ connection: SQLiteConnection) -> Bool {
        guard let statement = try? connection.prepare("SELECT seen FROM clock"), (try? statement.step()) ?? false else {
            return false
        }
        return !SteadyClock.secondsRange.contains(statement.integer(0))
    }

    /// Forgets it: the next start goes by the records.
    static func forget(_ connection: SQLiteConnection) throws(StorageError) {
        try connection.execute("DELETE FROM clock")
    }

    /// Keeps the time within the transaction that is open, if that is due.
    mutating func tick(always: Bool = false) throws(StorageError) {
        let now = nowSeconds()
        if !always, let kept, (0..<CatalogueClock.lagSecondsMax).contains(now.subtractingReportingOverflow(kept).0) {
            return
        }
        try put.bind(1, now)
        try put.run()
        kept = now
    }
}
