internal import Synchronization

/// The counters as the store's threads move them; `StoreCounters` is the copy for a reader.
final class LiveCounters: Sendable {
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

    func countSync() { syncs.add(1, ordering: .relaxed) }
    func countDirectorySync() { directorySyncs.add(1, ordering: .relaxed) }
    func countCheckpoint() { checkpoints.add(1, ordering: .relaxed) }
    func countLoad() { loads.add(1, ordering: .relaxed) }
    func count(directBytes count: Int) { directBytes.add(Int64(count), ordering: .relaxed) }
    func count(bufferedBytes count: Int) { bufferedBytes.add(Int64(count), ordering: .relaxed) }

    func countCommit(changes count: Int) {
        commits.add(1, ordering: .relaxed)
        changes.add(Int64(count), ordering: .relaxed)
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
        return copy
    }
}
