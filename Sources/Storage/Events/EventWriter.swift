internal import Uploads

/// What the catalogue's thread does for the outbox: it takes away what was told, counts what came, and keeps the bound.
final class EventWriter {
    private let outbox: EventOutbox
    private let last: SQLiteStatement
    private let count: SQLiteStatement
    private let told: SQLiteStatement
    private let forget: SQLiteStatement
    private let end: SQLiteStatement
    private let tell: SQLiteStatement
    private let place: SQLiteStatement
    private let recordPlaced: SQLiteStatement
    private let abandon: SQLiteStatement
    private let givenUp: GivenUpWriter
    private let connection: SQLiteConnection
    private let report: @Sendable (StoreEvent) -> Void
    private var taken: [EventOutbox.Step] = []
    private var removed = 0
    private var placed: [(placement: Placement, outcome: EventOutbox.Placed)] = []
    private var retold: [(retelling: Retelling, count: Int)] = []
    private var dropped: (count: Int, bound: Int64)?
    /// So many events wait at the least before some are dropped again.
    private var droppedUpTo = 0
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
        tell = try connection.prepare(CatalogueEvents.tellPlaced)
        place = try connection.prepare(CatalogueEvents.place)
        recordPlaced = try connection.prepare(CatalogueEvents.recordPlaced)
        abandon = try connection.prepare(CatalogueEvents.recordAbandoned)
        givenUp = try GivenUpWriter(connection)
        end = try connection.prepare("UPDATE event_targets SET kinds = 0 WHERE id = ?1")
    }

    /// Whether something was told that is not recorded.
    var hasWork: Bool { outbox.hasSteps }

    /// Records within the open transaction what was told since the last one.
    func write() throws(StorageError) {
        taken = outbox.takeSteps()
        begin()
        for step in taken {
            switch step {
            case .told(let target, let sequence): try remove(target, sequence)
            case .givenUp(let target, let sequence, let reason):
                try givenUp.giveUp(target, sequence, reason)
                try remove(target, sequence)
            case .again(let retelling):
                try givenUp.tellAgain(retelling.sequence)
                retold.append((retelling, connection.changedRows))
            case .placed(let placement): try write(placement)
            case .abandoned(let sequence):
                try abandon.bind(1, sequence)
                try abandon.run()
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

    private func begin() { (removed, dropped, placed, retold) = (0, nil, [], []) }

    /// Takes an event out of a target's queue, and away where it is in no other.
    private func remove(_ target: Int64, _ sequence: Int64) throws(StorageError) {
        try told.bind(1, target)
        try told.bind(2, sequence)
        try told.run()
        try forget.bind(1, sequence)
        try forget.run()
        removed += connection.changedRows
    }

    /// The upload may have been removed, or finished anew, in the same batch.
    private func write(_ placement: Placement) throws(StorageError) {
        try tell.bind(1, placement.sequence)
        try tell.bind(2, placement.place?.columns.bucket)
        try tell.bind(3, placement.place?.columns.key)
        try tell.run()
        try place.bind(1, placement.sequence)
        try place.run()
        let isPlaced = connection.changedRows > 0
        placed.append((placement, isPlaced ? .recorded : .superseded))
        guard isPlaced, let (bucket, key) = placement.place?.columns else { return }
        try recordPlaced.bind(1, placement.sequence)
        try recordPlaced.bind(2, bucket)
        try recordPlaced.bind(3, key)
        try recordPlaced.run()
    }

    /// Nothing is recorded any more.
    func close() { outbox.endSteps() }

    /// Small files whose records are committed, and which did not get their names.
    func doubt(_ ids: [UploadID]) {
        for id in ids { outbox.doubt(id) }
    }

    /// The transaction was taken back: what was told is to be recorded by another one.
    func failed() {
        outbox.giveBack(taken)
        taken = []
        begin()
    }

    /// The transaction is committed, and every small file has its name: what it brought may be told.
    func committed() {
        outbox.remove(removed)
        defer {
            for (placement, outcome) in placed { placement.end(outcome) }
            for (retelling, count) in retold { retelling.end(count) }
            (placed, retold) = ([], [])
        }
        let changesGivenUp = taken.contains { step in
            switch step {
            case .givenUp, .again: true
            case .told, .ended, .placed, .abandoned: false
            }
        }
        if changesGivenUp, let count = try? givenUp.counted() { outbox.countGivenUp(count) }
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

    /// Makes room for a while at once, so that what was lost is told in few lines. Files on their way to their place
    /// are given up by nobody: where nothing else waits, it is looked again after as much more has come.
    private func dropOldest() throws(StorageError) {
        let count = outbox.count - removed
        if count <= max(outbox.countMax, droppedUpTo) { return }
        let share = outbox.countMax / StorageLimits.eventsDroppedShare
        droppedUpTo = 0
        let told = "events WHERE kind < \(EventStage.leavingNumber)"
        let next = "SELECT sequence FROM \(told) ORDER BY sequence LIMIT 1 OFFSET \(count - outbox.countMax + share)"
        var bound = try connection.integer(next)
        if bound == 0 { bound = try connection.integer("SELECT coalesce(max(sequence) + 1, 0) FROM \(told)") }
        try connection.execute(
            "DELETE FROM event_queue WHERE sequence IN (SELECT sequence FROM \(told) AND sequence < \(bound))")
        try connection.execute("DELETE FROM \(told) AND sequence < \(bound)")
        let changed = bound == 0 ? 0 : connection.changedRows
        if changed > 0 { dropped = (changed, bound) }
        removed += changed
        if count - changed > outbox.countMax { droppedUpTo = count - changed + share }
    }

    private func tellBound() {
        let (waiting, most) = (outbox.count, outbox.countMax)
        if waiting >= most - most / StorageLimits.eventsWarningShare {
            if !isNearlyFull { report(.eventsFilling(count: waiting, most: most)) }
            isNearlyFull = true
        } else if waiting < most / 2 {
            isNearlyFull = false
        }
        // Of files on their way none is dropped, and so they are bounded, too.
        let isFull = waiting >= (outbox.whenFull == .refuse ? most : 2 * most)
        if isFull != self.isFull { report(isFull ? .eventsFull(count: waiting) : .eventsTaken(count: waiting)) }
        self.isFull = isFull
        outbox.setFull(isFull)
    }
}
