internal import Uploads

/// Reads the queues of targets. Confined to the thread that reads records.
struct EventReader {
    private let next: SQLiteStatement
    private let givenUp: SQLiteStatement

    /// What `event` reads.
    private static let columns = """
        sequence, kind, at, upload, dialect, owner, name, content_type, metadata, length, "offset", has_file,
            concatenation, created, sha256, finished_at, bucket, object_key, trace
        """

    init(_ connection: SQLiteConnection) throws(StorageError) {
        next = try connection.prepare(
            """
            SELECT \(EventReader.columns), told_as, again_at FROM event_queue JOIN events USING (sequence)
            WHERE target = ?1 AND sequence > ?2 AND sequence <= ?3 ORDER BY sequence LIMIT ?4
            """)
        givenUp = try connection.prepare(
            """
            SELECT \(EventReader.columns), number, target, given_up_at, reason FROM events_given_up
            WHERE number > ?1 ORDER BY number LIMIT ?2
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
            guard var event = EventReader.event(next) else { continue }
            event.called = next.optionalInteger(19) ?? event.sequence
            event.againMilliseconds = next.optionalInteger(20)
            events.append(event)
        }
        return events
    }

    /// What was given up, the oldest first; likewise.
    func givenUp(_ request: GivenUpRequest) throws(StorageError) -> [GivenUpEvent] {
        defer { givenUp.reset() }
        try givenUp.bind(1, request.after)
        try givenUp.bind(2, Int64(request.limit))
        var found: [GivenUpEvent] = []
        while try givenUp.step() {
            guard let event = EventReader.event(givenUp) else { continue }
            found.append(
                GivenUpEvent(
                    event: event, target: givenUp.integer(20), milliseconds: givenUp.integer(21),
                    reason: givenUp.text(22), number: givenUp.integer(19)))
        }
        return found
    }

    private static func event(_ next: SQLiteStatement) -> UploadEvent? {
        let stage = EventStage(number: next.integer(1))
        guard let kind = stage == .told ? UploadEvent.Kind(rawValue: next.integer(1)) : .finished,
            let words = next.words(3),
            let dialect = next.text(4).flatMap({ DialectName(rawValue: $0) }), let name = next.text(6)
        else { return nil }
        var event = UploadEvent(
            sequence: next.integer(0), kind: kind, milliseconds: next.integer(2),
            upload: UploadID(high: words.high, low: words.low), dialect: dialect,
            owner: next.text(5).flatMap { Owner($0) }, name: CleanName(name), contentType: next.text(7),
            metadata: next.text(8), length: next.optionalInteger(9), offset: next.integer(10),
            hasFile: next.integer(11) != 0, concatenation: next.text(12).flatMap { Concatenation(stored: $0) },
            createdSeconds: next.integer(13), sha256: next.bytes(14, count: 32...32),
            trace: next.text(18))
        event.stage = stage
        event.finishedNanoseconds = next.optionalInteger(15)
        if let bucket = next.text(16), let key = next.text(17) {
            event.place = StoredPlace(bucket: bucket, key: key)
        }
        return event
    }
}

/// A question for what a target is to be told.
struct EventRequest: Sendable {
    let target: Int64
    let after: Int64
    let upTo: Int64
    let limit: Int
}
