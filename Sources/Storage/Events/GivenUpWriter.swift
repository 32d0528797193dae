/// Keeps what was given up, and has it told again. Confined to the catalogue's thread, within its open transaction.
struct GivenUpWriter {
    private let enter: SQLiteStatement
    private let trim: SQLiteStatement
    private let tell: SQLiteStatement
    private let remove: SQLiteStatement
    private let count: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StorageError) {
        enter = try connection.prepare(CatalogueEvents.giveUp)
        trim = try connection.prepare(CatalogueEvents.trimGivenUp)
        tell = try connection.prepare(CatalogueEvents.tellAgain)
        remove = try connection.prepare(CatalogueEvents.removeToldAgain)
        count = try connection.prepare("SELECT count(*) FROM events_given_up")
    }

    /// How many there are.
    func counted() throws(StorageError) -> Int {
        defer { count.reset() }
        return try count.step() ? Int(count.integer(0)) : 0
    }

    /// A target is not told of an event, which is still in its queue.
    func giveUp(_ target: Int64, _ sequence: Int64, _ reason: String?) throws(StorageError) {
        try enter.bind(1, target)
        try enter.bind(2, sequence)
        try enter.bind(3, reason)
        try enter.run()
        try trim.run()
    }

    /// - Parameter sequence: by which the event is called; nil for all.
    func tellAgain(_ sequence: Int64?) throws(StorageError) {
        try tell.bind(1, sequence)
        try tell.run()
        try remove.bind(1, sequence)
        try remove.run()
    }
}
