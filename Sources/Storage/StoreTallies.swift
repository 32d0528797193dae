internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// The counters as the store's threads move them; `StoreCounters` is the copy for a reader.
final class StoreTallies: Sendable {
    private let syncs = Atomic<Int64>(0)
    private let directorySyncs = Atomic<Int64>(0)
    private let commits = Atomic<Int64>(0)
    private let changes = Atomic<Int64>(0)
    private let checkpoints = Atomic<Int64>(0)
    private let loads = Atomic<Int64>(0)
    private let journalBatches = Atomic<Int64>(0)
    private let journalBodies = Atomic<Int64>(0)
    private let directBytes = Atomic<Int64>(0)
    private let bufferedBytes = Atomic<Int64>(0)
    private let settledBytes = Atomic<Int64>(0)
    private let fences = Atomic<Int64>(0)
    private let created = Atomic<Int64>(0)
    private let finished = Atomic<Int64>(0)
    private let failed = Atomic<Int64>(0)
    private let expired = Atomic<Int64>(0)
    private let deleted = Atomic<Int64>(0)
    private let forgotten = Atomic<Int64>(0)
    private let syncTimes = HistogramTally(bounds: Histogram.syncBounds)
    private let batchSizes = HistogramTally(bounds: Histogram.batchBounds)

    /// A data file has been synced, which began at this time of the monotonic clock.
    func countSync(sinceNanoseconds start: Int64) {
        syncs.add(1, ordering: .relaxed)
        syncTimes.record(SystemClock.monotonicNanoseconds - start)
    }

    /// A batch of the journal has been synced, which began at this time of the monotonic clock.
    func countJournalSync(sinceNanoseconds start: Int64) { syncTimes.record(SystemClock.monotonicNanoseconds - start) }

    func countFence() { fences.add(1, ordering: .relaxed) }
    func countDirectorySync() { directorySyncs.add(1, ordering: .relaxed) }
    func countCheckpoint() { checkpoints.add(1, ordering: .relaxed) }
    func countForgotten() { forgotten.add(1, ordering: .relaxed) }
    func countLoad() { loads.add(1, ordering: .relaxed) }
    func count(directBytes count: Int) { directBytes.add(Int64(count), ordering: .relaxed) }
    func count(bufferedBytes count: Int) { bufferedBytes.add(Int64(count), ordering: .relaxed) }

    func countCommit(changes count: Int) {
        commits.add(1, ordering: .relaxed)
        changes.add(Int64(count), ordering: .relaxed)
        batchSizes.record(Int64(count))
    }

    /// A record has been committed in place of another one, nil for none.
    func countStep(from old: Upload?, to new: Upload?) {
        guard let new else {
            if old != nil { deleted.add(1, ordering: .relaxed) }
            return
        }
        if old == nil { created.add(1, ordering: .relaxed) }
        let growth = new.offset.bytes - (old?.offset.bytes ?? 0)
        if growth > 0 { settledBytes.add(growth, ordering: .relaxed) }
        if new.state == old?.state { return }
        switch new.state {
        case .open: break
        case .finished: finished.add(1, ordering: .relaxed)
        case .failed: failed.add(1, ordering: .relaxed)
        case .expired: expired.add(1, ordering: .relaxed)
        }
    }

    func countJournalBatch(bodies count: Int) {
        journalBatches.add(1, ordering: .relaxed)
        journalBodies.add(Int64(count), ordering: .relaxed)
    }

    var snapshot: StoreCounters {
        var copy = StoreCounters()
        copy.syncs = syncs.load(ordering: .relaxed)
        copy.directorySyncs = directorySyncs.load(ordering: .relaxed)
        copy.commits = commits.load(ordering: .relaxed)
        copy.changes = changes.load(ordering: .relaxed)
        copy.checkpoints = checkpoints.load(ordering: .relaxed)
        copy.loads = loads.load(ordering: .relaxed)
        copy.journalBatches = journalBatches.load(ordering: .relaxed)
        copy.journalBodies = journalBodies.load(ordering: .relaxed)
        copy.directBytes = directBytes.load(ordering: .relaxed)
        copy.bufferedBytes = bufferedBytes.load(ordering: .relaxed)
        copy.settledBytes = settledBytes.load(ordering: .relaxed)
        copy.fences = fences.load(ordering: .relaxed)
        copy.created = created.load(ordering: .relaxed)
        copy.finished = finished.load(ordering: .relaxed)
        copy.failed = failed.load(ordering: .relaxed)
        copy.expired = expired.load(ordering: .relaxed)
        copy.deleted = deleted.load(ordering: .relaxed)
        copy.forgotten = forgotten.load(ordering: .relaxed)
        copy.syncTimes = syncTimes.snapshot
        copy.batchSizes = batchSizes.snapshot
        return copy
    }
}
