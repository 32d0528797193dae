internal import Uploads

/// Reads the queues of targets. Confined to the thread that reads records.
struct EventReader {
    private let next: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StorageError) {
        next = try connection.prepare(
            """
            SELECT sequence, kind, at, upload, dialect, owner, name, content_type, metadata, length, "offset", has_file,
                concatenation, created
            FROM event_queue JOIN events USING (sequence)
            WHERE target = ?1 AND sequence > ?2 AND sequence <= ?3 ORDER BY sequence LIMIT ?4
            """)
    }

    /// What a target is to be told behind an event, in order. What no program of this version writes is passed over.
    func events(_ request: EventRequest) throws(StorageError) -> [UploadEvent] {
        defer { next.reset() }
        try next.bind(1, request.target)
        try next.bind(2, request.after)
        try next.bind(3, request.upTo)
        try next.bind(4, Int64(request.limit))
        var events: [UploadEvent] = []
        while try next.step() {
            if let event = event() { events.append(event) }
        }
        return events
    }

    private func event() -> UploadEvent? {
        guard let kind = UploadEvent.Kind(rawValue: next.integer(1)), let words = next.words(3),
            let dialect = next.text(4).flatMap({ DialectName(rawValue: $0) }), let name = next.text(6)
        else { return nil }
        return UploadEvent(
            sequence: next.integer(0), kind: kind, milliseconds: next.integer(2),
            upload: UploadID(high: words.high, low: words.low), dialect: dialect,
            owner: next.text(5).flatMap { Owner($0) }, name: CleanName(name), contentType: next.text(7),
            metadata: next.text(8), length: next.optionalInteger(9), offset: next.integer(10),
            hasFile: next.integer(11) != 0, concatenation: next.text(12).flatMap { Concatenation(stored: $0) },
            createdSeconds: next.integer(13))
    }
}

/// A question for what a target is to be told.
struct EventRequest: Sendable {
    let target: Int64
    let after: Int64
    let upTo: Int64
    let limit: Int
}
