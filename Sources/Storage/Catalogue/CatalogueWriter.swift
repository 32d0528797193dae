internal import LinuxSystem
internal import Uploads

/// Commits changes, many at a time: all that gathered while the last commit was on its way share one transaction, one
/// sync of each directory they need, and one sync of the log. Confined to the catalogue's thread.
final class CatalogueWriter {
    private let connection: SQLiteConnection
    private let begin: SQLiteStatement
    private let commit: SQLiteStatement
    private let rollback: SQLiteStatement
    private let put: SQLiteStatement
    private let remove: SQLiteStatement
    private let usage: CatalogueUsage
    private let find: SQLiteStatement
    private let files: StoreFiles
    private let table: UploadTable
    private let health: StoreHealth
    private let delivery: SmallDelivery
    private let groups: GroupDelivery
    private var clock: CatalogueClock
    private var checkpoints: CatalogueCheckpoints
    private let pulse: ThreadPulse
    private let events: EventWriter?
    /// When somebody last looked whether the database is in its place.
    private var lookedNanoseconds: Int64 = 0

    init(
        connection: SQLiteConnection, files: StoreFiles, table: UploadTable, health: StoreHealth, journal: Journal?,
        clock: CatalogueClock, pulse: ThreadPulse, outbox: EventOutbox? = nil
    ) throws(StorageError) {
        let report: @Sendable (StoreEvent) -> Void = { files.report($0) }
        events = try outbox.map { outbox throws(StorageError) in try EventWriter(connection, outbox, report: report) }
        self.clock = clock
        self.pulse = pulse
        delivery = SmallDelivery(files: files, journal: journal, health: health, pulse: pulse)
        groups = GroupDelivery(files: files, pulse: pulse)
        checkpoints = CatalogueCheckpoints(connection, files)
        self.connection = connection
        self.files = files
        self.table = table
        self.health = health
        begin = try connection.prepare("BEGIN IMMEDIATE")
        commit = try connection.prepare("COMMIT")
        rollback = try connection.prepare("ROLLBACK")
        put = try connection.prepare(CatalogueRow.put)
        find = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
        remove = try connection.prepare("DELETE FROM uploads WHERE id = ?1 AND epoch <= ?2")
        usage = try CatalogueUsage(connection)
    }

    /// Commits until the queue has ended.
    func run(_ changes: BatchQueue<CatalogueChange>) {
        while let batch = next(changes) {
            if health.isSuspended || batch.isEmpty && health.isTried { tryAgain() }
            let hasEvents = batch.isEmpty && hasEventWork
            if hasEvents { apply([]) }
            var rest = batch[...]
            while !rest.isEmpty {
                let count = ChangeGroup.countAtOnce(rest)
                apply(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            pulse.beat()
            if health.failure == nil { checkpoints.run(isIdle: batch.isEmpty && !hasEvents) }
        }
        // Who was told last is not told again by the next start.
        if hasEventWork { apply([]) }
        events?.close()
        // By this the next start tells a wrong clock; without it, it would doubt a right one for a while.
        try? clock.tick(always: true)
        checkpoints.end()
    }

    private func next(_ changes: BatchQueue<CatalogueChange>) -> [CatalogueChange]? {
        pulse.rest()
        defer { pulse.beat() }
        return changes.next(
            nanosecondsMax: health.isTried ? StorageLimits.catalogueRetryNanoseconds : checkpoints.restNanoseconds)
    }

    /// Commits a transaction that changes nothing.
    ///
    /// It goes to where in the log the failed one was. Once it is there, and synced, no start can find that one any
    /// more: the sums of the log's frames build on one another. So what was reported as failed has failed. Before that
    /// the cache forgets what the disk has refused.
    private func tryAgain() {
        // Others who come with changes must not wait for this.
        connection.setPatience(milliseconds: 0)
        defer { connection.setPatience(milliseconds: StorageLimits.catalogueBusyMilliseconds) }
        do throws(StorageError) {
            if checkpoints.refusal != nil { return }
            try files.settleLog()
            try begin.run()
            try connection.execute("PRAGMA user_version = \(CatalogueSchema.version)")
            try commit.run()
            health.resume()
        } catch {
            let isDamage = connection.isDamaged
            try? rollback.run()
            if isDamage { health.fail(error) }
        }
    }

    private func apply(_ changes: ArraySlice<CatalogueChange>) {
        var steps = changes.map { CatalogueStep($0) }
        pulse.beat()
        syncDirectories(&steps)
        delivery.prepare(&steps)
        pulse.beat()
        if let failure = write(&steps) {
            for index in steps.indices where steps[index].outcome == .goes { steps[index].outcome = .failed(failure) }
        }
        let recorded =
            events == nil ? [] : steps.indices.filter { steps[$0].namesFile && steps[$0].outcome == .goes }
        delivery.conclude(&steps)
        groups.conclude(&steps)
        events?.doubt(recorded.filter { steps[$0].failure != nil }.map { steps[$0].change.id })
        let news = table.committed(steps, usage: usage(after: steps))
        // What a crash could still take back from its place nobody is told of; nor is anybody before they are answered.
        defer {
            events?.committed()
            table.feed.publish(news)
        }
        for step in steps { step.answer() }
        if steps.contains(where: { $0.failure != nil }) { files.leftBehind() }
    }

    private var hasEventWork: Bool { events?.hasWork ?? false }

    /// What owners have once these are committed, as far as somebody may want to know.
    private func usage(after steps: [CatalogueStep]) -> [(owner: Owner, usage: Usage)] {
        table.knownOwners(steps).compactMap { owner in (try? usage.usage(of: owner)).map { (owner, $0) } }
    }

    /// A change whose directory could not be synced fails alone: an offset must not be told before its file's name is
    /// on the disk.
    private func syncDirectories(_ steps: inout [CatalogueStep]) {
        let needed = steps.reduce(into: DirectorySyncs()) { $0.formUnion($1.change.syncs) }
        if needed.isEmpty { return }
        let (unsynced, failure) = files.sync(needed)
        guard let failure else { return }
        for index in steps.indices where !steps[index].change.syncs.isDisjoint(with: unsynced) {
            steps[index].outcome = .failed(failure)
        }
    }

    /// One transaction. After a failure that may have left a whole transaction in the log, the catalogue takes no more
    /// until another one has taken its place: a change reported as failed could come back at the next start, and must
    /// then still be true.
    private func write(_ steps: inout [CatalogueStep]) -> StorageError? {
        lookAtDatabase()
        if let failure = health.failure { return failure }
        var count = 0
        for step in steps where step.outcome == .goes { count += 1 }
        if count == 0, !hasEventWork { return nil }
        if let refusal = checkpoints.refusal {
            health.refuse(refusal)
            return refusal
        }
        do throws(StorageError) {
            try begin.run()
            var next = steps.startIndex
            while next < steps.endIndex { next = try write(&steps, from: next) }
            try events?.write()
            try clock.tick()
            try commit.run()
            files.counters.countCommit(changes: count)
            health.resume()
            return nil
        } catch {
            let (isClean, isDamage) = (connection.hasFailedCleanly(error), connection.isDamaged)
            try? rollback.run()
            events?.failed()
            if isDamage { health.fail(error) } else if isClean { health.refuse(error) } else { health.suspend(error) }
            return error
        }
    }

    /// Nothing is told that only a file knows which nobody will find again.
    private func lookAtDatabase() {
        let now = SystemClock.monotonicNanoseconds
        guard now - lookedNanoseconds >= StorageLimits.databaseLookNanoseconds else { return }
        lookedNanoseconds = now
        do throws(StorageError) { try files.checkDatabase() } catch {
            if case .catalogue = error { health.fail(error) }
        }
    }

    /// Writes one change, or all of a group. Answers where the next one is.
    private func write(_ steps: inout [CatalogueStep], from first: Int) throws(StorageError) -> Int {
        guard let group = steps[first].change.group else {
            if steps[first].outcome == .goes { try write(&steps[first]) }
            return first + 1
        }
        let range = first..<(steps[first...].firstIndex { $0.change.group !== group } ?? steps.endIndex)
        var failure = steps[range].lazy.compactMap(\.failure).first
        if failure == nil {
            try connection.execute("SAVEPOINT together")
            for index in range where failure == nil {
                try write(&steps[index])
                failure = steps[index].failure
            }
            try connection.execute("\(failure == nil ? "" : "ROLLBACK TO together; ")RELEASE together")
        }
        if let failure {
            for index in range { steps[index].outcome = .failed(failure) }
        }
        return range.upperBound
    }

    /// A change that comes behind a newer one leaves the row as it is, and fails alone.
    private func write(_ step: inout CatalogueStep) throws(StorageError) {
        switch step.change.content {
        case .put(let upload):
            try CatalogueRow(upload).bind(to: put, journal: nil)
        case .delete(let upload):
            try CatalogueRow(upload, isDeleted: true).bind(to: put, journal: nil, resets: true)
        case .reset(let upload):
            try CatalogueRow(upload).bind(to: put, journal: nil, resets: true)
        case .deliver(let body):
            try CatalogueRow(body.finished).bind(to: put, journal: step.journal)
        case .finish(let upload):
            try CatalogueRow(upload).bind(to: put, journal: CatalogueRow.unjournaled)
        case .remove(let epoch, _):
            try remove.bind(1, step.change.id.high, step.change.id.low)
            try remove.bind(2, epoch)
            return try remove.run()
        }
        try put.run()
        if connection.changedRows == 0 { step.outcome = .failed(try refusal(of: step.change)) }
    }

    /// Why a row was left as it is. Who comes behind a newer holder does nothing wrong; a holder that goes back behind
    /// what it has recorded itself does.
    private func refusal(of change: CatalogueChange) throws(StorageError) -> StorageError {
        let row = try CatalogueRow.find(change.id, find)
        guard let row, row.upload.epoch == change.recorded?.epoch else { return .outdated(change.id) }
        return .misuse("upload \(change.id) goes back behind what its holder has recorded")
    }
}
