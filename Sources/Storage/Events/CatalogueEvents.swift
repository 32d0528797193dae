/// The outbox in the catalogue: the database itself writes an event with the change of `uploads` that makes it true, in
/// the same transaction, whoever changes that one, and puts it into the queue of each target that wants it. So none is
/// forgotten, and none is invented.
///
/// Without a target there are no triggers, and nothing is written.
enum CatalogueEvents {
    /// A target as the catalogue knows it.
    struct Known {
        let id: Int64
        let target: EventTarget
    }

    /// Makes the tables where they are missing, and has them stand for these targets.
    ///
    /// A target that was there keeps its queue. So does one whose name has changed, if it takes the place of another:
    /// whoever corrects an address wants what waits for it. The others' queues go.
    ///
    /// - Returns: the targets in their order, and how many events go untold because their target went.
    static func prepare(
        _ connection: SQLiteConnection, for targets: [EventTarget]
    ) throws(StorageError) -> (targets: [Known], dropped: Int64) {
        if targets.isEmpty, try !isThere(connection) { return ([], 0) }
        try connection.execute("BEGIN IMMEDIATE; \(tables)")
        do throws(StorageError) {
            // Older programs do not mind it.
            for (column, type) in later where try !has(connection, column) {
                try connection.execute("ALTER TABLE events ADD COLUMN \(column) \(type)")
            }
            try connection.execute(onTheirWay + placements + givenUp)
            let count = "SELECT count(*) FROM events"
            // To look through a million of them takes a second: only where some may be superfluous.
            let ended = try connection.integer("SELECT count(*) FROM event_targets WHERE kinds = 0") > 0
            let (known, hasLost) = try reconcile(connection, targets)
            try setTriggers(connection, wanted: !targets.isEmpty, hasPlace: targets.contains(where: \.isPlace))
            // Files without a place any more stay here, and others are told that they are finished.
            if !targets.contains(where: \.isPlace) { try connection.execute(tellAll) }
            let before = ended || hasLost ? try connection.integer(count) : 0
            if ended || hasLost { try connection.execute("\(clear);") }
            try connection.execute(forgetGivenUp)
            let after = ended || hasLost ? try connection.integer(count) : 0
            try connection.execute("COMMIT")
            return (known, before - after)
        } catch {
            try? connection.execute("ROLLBACK")
            throw error
        }
    }

    private static func isThere(_ connection: SQLiteConnection) throws(StorageError) -> Bool {
        try connection.integer("SELECT count(*) FROM main.sqlite_schema WHERE name = 'event_targets'") > 0
    }

    private static func has(_ connection: SQLiteConnection, _ column: String) throws(StorageError) -> Bool {
        try connection.integer("SELECT count(*) FROM pragma_table_info('events') WHERE name = '\(column)'") > 0
    }

    private static func reconcile(
        _ connection: SQLiteConnection, _ targets: [EventTarget]
    ) throws(StorageError) -> (known: [Known], hasLost: Bool) {
        var old: [(id: Int64, name: String)] = []
        let rows = try connection.prepare("SELECT id, name FROM event_targets ORDER BY id")
        while try rows.step() { old.append((rows.integer(0), rows.text(1) ?? "")) }
        rows.reset()
        var ids = targets.map { target in old.first { $0.name == target.name }?.id }
        // The place is nobody who could have another address now.
        var left = old.filter { !ids.contains($0.id) && $0.name != EventTarget.place.name }
        let places = old.filter { !ids.contains($0.id) && $0.name == EventTarget.place.name }
        for index in ids.indices where ids[index] == nil && !targets[index].isPlace && !left.isEmpty {
            ids[index] = left.removeFirst().id
        }
        let remove = try connection.prepare("DELETE FROM event_targets WHERE id = ?1")
        for (id, _) in left + places {
            try remove.bind(1, id)
            try remove.run()
        }
        let put = try connection.prepare(
            """
            INSERT INTO event_targets (id, name, kinds) VALUES (?1, ?2, ?3)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, kinds = excluded.kinds RETURNING id
            """)
        var known: [Known] = []
        for (target, id) in zip(targets, ids) {
            try put.bind(1, id)
            try put.bind(2, target.name)
            try put.bind(3, target.bits)
            _ = try put.step()
            known.append(Known(id: put.integer(0), target: target))
            put.reset()
        }
        return (known, !left.isEmpty)
    }

    /// What no target waits for goes.
    static let clear = """
        DELETE FROM event_queue WHERE target NOT IN (SELECT id FROM event_targets WHERE kinds != 0);
        DELETE FROM events WHERE sequence NOT IN (SELECT sequence FROM event_queue)
        """

    private static func setTriggers(
        _ connection: SQLiteConnection, wanted: Bool, hasPlace: Bool
    ) throws(StorageError) {
        for trigger in triggers(hasPlace: hasPlace) {
            let find = try connection.prepare("SELECT sql FROM main.sqlite_schema WHERE type = 'trigger' AND name = ?1")
            try find.bind(1, trigger.name)
            let found = try find.step() ? find.text(0) : nil
            find.reset()
            let sql = wanted ? "CREATE TRIGGER \(trigger.name) \(trigger.body)" : nil
            if found == sql { continue }
            // What an earlier program has made of it may have been something else.
            try connection.execute("DROP TRIGGER IF EXISTS \(trigger.name); \(sql ?? "")")
        }
    }

    /// What was added to `events`: the digest; which file of the upload it is; where it was brought to; `traceparent`;
    /// of one that is told again the number by which it was called, when it was asked for, and the one target.
    private static let later = [
        ("sha256", "BLOB"), ("finished_at", "INTEGER"), ("bucket", "TEXT"), ("object_key", "TEXT"), ("trace", "TEXT"),
        ("told_as", "INTEGER"), ("again_at", "INTEGER"), ("only_for", "INTEGER"),
    ]

    /// What an event says of its upload, as it was when events first had tables.
    static let described = """
        upload BLOB NOT NULL, dialect TEXT NOT NULL, owner TEXT, name TEXT NOT NULL, content_type TEXT, metadata TEXT,
        length INTEGER, "offset" INTEGER NOT NULL, has_file INTEGER NOT NULL, concatenation TEXT,
        created INTEGER NOT NULL
        """

    private static let tables = """
        CREATE TABLE IF NOT EXISTS events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            kind INTEGER NOT NULL,             -- 1 created, 2 finished, 4 deleted, 8 expired, 16 failed; EventStage
            at INTEGER NOT NULL,               -- milliseconds since 1970-01-01 UTC
            \(described)
        ) STRICT;
        CREATE TABLE IF NOT EXISTS event_targets (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            kinds INTEGER NOT NULL             -- the sum of those it wants; 0: it has ended
        ) STRICT;
        CREATE TABLE IF NOT EXISTS event_queue (
            target INTEGER NOT NULL,
            sequence INTEGER NOT NULL,         -- of an event that the target is still to be told
            PRIMARY KEY (target, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS event_source (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            name TEXT NOT NULL                 -- what tells this catalogue's events from those of all others
        ) STRICT;
        INSERT OR IGNORE INTO event_source VALUES (1, lower(hex(randomblob(8))));

        """

    // MARK: The triggers

    /// When a row was last delivered: the unit has changed, and a row that is written again has the newer one.
    private static func delivery(_ row: String) -> String {
        "CASE WHEN \(row).finished_at < \(CatalogueRow.finishedSecondsMax) THEN \(row).finished_at * 1000000000 "
            + "ELSE \(row).finished_at END"
    }

    private static let isNewDelivery = "(\(delivery("new"))) IS NOT (\(delivery("old")))"

    private static func triggers(hasPlace: Bool) -> [(name: String, body: String)] {
        let finished = hasPlace ? EventStage.leavingNumber : UploadEvent.Kind.finished.rawValue
        return [
            (
                name: "events_to_queue",
                body: """
                AFTER INSERT ON events BEGIN
                    INSERT INTO event_queue SELECT id, new.sequence FROM event_targets
                        WHERE kinds & new.kind AND (new.only_for IS NULL OR new.only_for = id);
                END
                """
            ),
            (
                name: "events_of_new",
                body: """
                AFTER INSERT ON uploads WHEN new.cleanup != 1 BEGIN
                    \(event(.created, when: "new.state IN (0, 1)"))
                    \(event(.finished, as: finished, when: "new.state = 1"))
                    \(event(.failed, when: "new.state = 2"))
                END
                """
            ),
            (
                name: "events_of_changed",
                body: """
                AFTER UPDATE ON uploads WHEN old.state != new.state OR old.cleanup != new.cleanup
                    OR old.finished_at IS NOT new.finished_at OR old.created != new.created
                    OR old."offset" > new."offset"
                BEGIN
                    \(event(.deleted, when: "new.cleanup = 1 AND old.cleanup != 1 AND old.state != 3"))
                    \(event(.failed, when: "new.cleanup != 1 AND new.state = 2 AND old.state != 2"))
                    \(event(.expired, when: """
                    new.cleanup != 1 AND old.cleanup != 1 AND old.state IN (0, 2)
                    AND (new.state = 3 OR new.state = 1 AND NOT \(isNewDelivery))
                    """))
                    \(event(.created, when: """
                    new.cleanup != 1 AND (old.cleanup = 1 AND new.state IN (0, 1)
                    OR new.state = 0
                        AND (old.state != 0 OR new."offset" < old."offset" OR new.created != old.created)
                    OR new.state = 1 AND old.state != 0 AND \(isNewDelivery))
                    """))
                    \(event(.finished, as: finished, when: """
                    new.cleanup != 1 AND new.state = 1 AND (old.cleanup = 1 OR \(isNewDelivery))
                    """))
                END
                """
            ),
        ]
    }

    private static func event(_ kind: UploadEvent.Kind, as number: Int64? = nil, when condition: String) -> String {
        """
        INSERT INTO events (kind, at, upload, dialect, owner, name, content_type, metadata, length, "offset",
                has_file, concatenation, created, sha256, finished_at, trace)
            SELECT \(number ?? kind.rawValue), \(now), new.id, new.dialect,
                new.owner, CASE WHEN new.state = 1 THEN coalesce(new.finished_name, new.name) ELSE new.name END,
                new.content_type, new.metadata, new.length, new."offset", new.finished_name IS NOT NULL,
                new.concatenation, new.created, \(kind == .finished ? "new.sha256, new.finished_at" : "NULL, NULL"),
                new.trace
            WHERE (\(condition)) AND EXISTS (SELECT 1 FROM event_targets WHERE kinds & \(number ?? kind.rawValue));
        """
    }
}
