internal import LinuxSystem
internal import Synchronization

/// The store's threads beside the disk threads: one commits, one reads records, one sweeps.
final class StoreThreads: Sendable {
    private let changes: BatchQueue<CatalogueChange>
    private let queries: BatchQueue<CatalogueQuery>
    private let sweeper: Sweeper
    private let journal: Journal?
    private let writing = Mutex<SystemThread?>(nil)
    private let reading = Mutex<SystemThread?>(nil)
    private let sweeping = Mutex<SystemThread?>(nil)
    private let journaling = Mutex<SystemThread?>(nil)

    init(
        changes: BatchQueue<CatalogueChange>, queries: BatchQueue<CatalogueQuery>, sweeper: Sweeper, journal: Journal?
    ) {
        self.journal = journal
        self.changes = changes
        self.queries = queries
        self.sweeper = sweeper
    }

    func startWriting(_ writer: sending CatalogueWriter) throws(StorageError) {
        let changes = changes
        try start(writing, "catalogue") { writer.run(changes) }
    }

    func startReading(_ reader: sending CatalogueReader, _ disk: DiskThreads) throws(StorageError) {
        let queries = queries
        try start(reading, "records") { reader.run(queries, disk) }
    }

    func startSweeping() throws(StorageError) {
        let sweeper = sweeper
        try start(sweeping, "sweep") { sweeper.run() }
    }

    func startJournal() throws(StorageError) {
        if let journal { try start(journaling, "journal") { journal.run() } }
    }

    /// Ends the threads in the order in which work flows, each when it has nothing left. The writer's connection is
    /// the last one, so closing it folds SQLite's log into the catalogue.
    func stop(disk: DiskThreads) {
        sweeper.stop()
        join(sweeping)
        disk.stop()
        queries.stop()
        join(reading)
        changes.stop()
        join(writing)
        journal?.stop()
        join(journaling)
    }

    private func start(
        _ slot: borrowing Mutex<SystemThread?>, _ name: String, _ body: sending @escaping () -> Void
    ) throws(StorageError) {
        do throws(Errno) {
            var thread: SystemThread? = try SystemThread(name: name, body)
            slot.withLock { $0 = thread.take() }
        } catch { throw StorageError(error, "start the \(name) thread") }
    }

    private func join(_ slot: borrowing Mutex<SystemThread?>) {
        let thread = slot.withLock { $0.take() }
        thread?.join()
    }
}
