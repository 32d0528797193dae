internal import Uploads

/// What the catalogue's thread does for the outbox: it takes away what was told, counts what came, and keeps the bound.
final class EventWriter {
    private let outbox: EventOutbox
    private let last: SQLiteStatement
    private let count: SQLiteStatement
    private let told: SQLiteStatement
    private let forget: SQLiteStatement
    private let end: SQLiteStatement
    private let connection: SQLiteConnection
    private let report: @Sendable (StoreEvent) -> Void
    private var taken: [EventOutbox.Step] = []
    private var removed = 0
    private var dropped: (count: Int, bound: Int64)?
    private var isNearlyFull = false
    private var isFull = false

    init(
        _ connection: SQLiteConnection, _ outbox: EventOutbox, report: @escaping @Sendable (StoreEvent) -> Void
    ) throws(StorageError) {
        self.connection = connection
        self.outbox = outbox
        self.report = report
        last = try connection.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        count = try connection.prepare(
            "SELECT count(*) FROM event_queue WHERE target = ?1 AND sequence > ?2 AND sequence <= ?3")
        told = try connection.prepare("DELETE FROM event_queue WHERE target = ?1 AND sequence = ?2")
        forget = try connection.prepare(
            """
            DELETE FROM events WHERE sequence = ?1 AND NOT EXISTS (
                SELECT 1 FROM event_targets JOIN event_queue ON target = event_targets.id AND sequence = ?1)
            """)
        end = try connection.prepare("UPDATE event_targets SET kinds = 0 WHERE id = ?1")
    }

    /// Whether something was told that is not recorded.
    var hasWork: Bool { outbox.hasSteps }

    /// Records within the open transaction what was told since the last one.
    func write() throws(StorageError) {
        taken = outbox.takeSteps()
        (removed, dropped) = (0, nil)
        for step in taken {
            switch step {
            case .told(let target, let sequence):
                try told.bind(1, target)
                try told.bind(2, sequence)
                try told.run()
                try forget.bind(1, sequence)
                try forget.run()
                removed += connection.changedRows
            case .ended(let target):
                try end.bind(1, target)
                try end.run()
                let before = try connection.integer("SELECT count(*) FROM events")
                try connection.execute(CatalogueEvents.clear)
                removed += Int(before - (try connection.integer("SELECT count(*) FROM events")))
            }
        }
        if outbox.whenFull == .dropOldest { try dropOldest() }
    }

    /// Small files whose records are committed, and which did not get their names.
    func doubt(_ ids: [UploadID]) {
        for id in ids { outbox.doubt(id) }
    }

    /// The transaction was taken back: what was told is to be recorded by another one.
    func failed() {
        outbox.giveBack(taken)
        taken = []
        (removed, dropped) = (0, nil)
    }

    /// The transaction is committed, and every small file has its name: what it brought may be told.
    func committed() {
        outbox.remove(removed)
        let hasEnded = taken.contains { if case .ended = $0 { true } else { false } }
        taken = []
        removed = 0
        if let dropped {
            outbox.drop(before: dropped.bound, count: dropped.count)
            report(.eventsDropped(count: dropped.count))
        }
        if hasEnded || dropped != nil {
            for target in outbox.targets {
                if let waiting = try? queued(target.id, after: 0, upTo: outbox.latest) {
                    outbox.recount(target.id, waiting)
                }
            }
        }
        dropped = nil
        if let latest = try? latestSequence(), latest > outbox.latest {
            let added = outbox.targets.map { target in
                (target.id, (try? queued(target.id, after: outbox.latest, upTo: latest)) ?? 0)
            }
            outbox.add(upTo: latest, added)
        }
        tellBound()
    }

    private func latestSequence() throws(StorageError) -> Int64 {
        defer { last.reset() }
        return try last.step() ? last.integer(0) : 0
    }

    private func queued(_ target: Int64, after: Int64, upTo: Int64) throws(StorageError) -> Int {
        defer { count.reset() }
        try count.bind(1, target)
        try count.bind(2, after)
        try count.bind(3, upTo)
        return try count.step() ? Int(count.integer(0)) : 0
    }

    /// Makes room for a while at once, so that what was lost is told in few lines.
    private func dropOldest() throws(StorageError) {
        let excess = outbox.count - removed - outbox.countMax
        if excess <= 0 { return }
        let goal = Int64(excess + outbox.countMax / StorageLimits.eventsDroppedShare)
        let bound = try connection.integer("SELECT sequence FROM events ORDER BY sequence LIMIT 1 OFFSET \(goal)")
        try connection.execute("DELETE FROM event_queue WHERE sequence < \(bound)")
        try connection.execute("DELETE FROM events WHERE sequence < \(bound)")
        dropped = (connection.changedRows, bound)
        removed += connection.changedRows
    }

    private func tellBound() {
        let (waiting, most) = (outbox.count, outbox.countMax)
        if waiting >= most - most / StorageLimits.eventsWarningShare {
            if !isNearlyFull { report(.eventsFilling(count: waiting, most: most)) }
            isNearlyFull = true
        } else if waiting < most / 2 {
            isNearlyFull = false
        }
        let isFull = waiting >= most && outbox.whenFull == .refuse
        if isFull != self.isFull { report(isFull ? .eventsFull(count: waiting) : .eventsTaken(count: waiting)) }
        self.isFull = isFull
        outbox.setFull(isFull)
    }
}
