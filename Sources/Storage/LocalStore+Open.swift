internal import LinuxSystem
internal import Uploads

extension LocalStore {
    static let catalogueName = "catalogue.sqlite"

    /// Opens the store in a directory, making it if needed. Blocks, for a time that does not depend on how many uploads
    /// there are.
    ///
    /// - Throws: `directoryInUse`, `incompatible`, `io`, or what the catalogue says; nothing is left running then. So
    ///   too where there are uploads and no catalogue, which would make all of them leftovers.
    public static func open(_ configuration: StoreConfiguration) throws(StorageError) -> LocalStore {
        let startNanoseconds = SystemClock.wallNanoseconds
        let root = try lockedRoot(configuration.path)
        let lost = try LostCatalogue(root: root, path: configuration.path)
        try lost.refuseMissing()
        let isStopping = StopFlag()
        let files = try StoreFiles(root: root, configuration: configuration, sweep: isStopping)
        let path = "\(configuration.path)/\(catalogueName)"
        try files.settleCatalogue()
        try files.shutCatalogue()
        let connection = try SQLiteConnection(path: path, writes: true)
        try lost.refuseBlank(connection)
        try CatalogueSchema.prepare(connection, durability: configuration.durability)
        try CatalogueDurability.raise(connection, files)
        let queries = BatchQueue<CatalogueQuery>()
        let changes = BatchQueue<CatalogueChange>()
        let outbox = try EventOutbox.open(connection, configuration, queries, changes)
        try files.holdDatabase()
        files.reserveLog()
        try doing("sync \(configuration.path)") { () throws(Errno) in
            if configuration.durability == .power { try root.sync() }
        }
        // Only a directory made just now needs this, and whoever may make one there may mostly open it.
        if configuration.durability == .power { try? Directory(path: "\(configuration.path)/..").sync() }
        try CleanupSweep(connection: connection, files: files).runAtStart()
        let cache = PageCacheID(boot: configuration.bootID, root)
        let left = JournalReplay(files: files, connection: connection, cache: cache).run()

        let table = try makeTable(queries, files, connection, configuration)
        let takesBatches = configuration.durability == .power && configuration.journalBytes > 0
        let journal =
            takesBatches || !left.isNothing
            ? Journal(
                files: files, table: table, configuration: configuration, takesBatches: takesBatches, cache: cache,
                left: left)
            : nil
        let health = StoreHealth(onEvent: configuration.onEvent)
        let catalogue = Catalogue(table: table, changes: changes)
        let lastSeen = CatalogueClock.lastSeen(connection)
        let clock = SteadyClock(
            wallSeconds: configuration.wallSeconds, bootSeconds: configuration.bootSeconds, lastSeenSeconds: lastSeen,
            onJump: { files.report(.clockJumped(seconds: $0)) })
        let (writerPulse, readerPulse) = (ThreadPulse(), ThreadPulse())
        let writer = try CatalogueWriter(
            connection: connection, files: files, table: table, health: health, journal: journal,
            clock: CatalogueClock(connection, nowSeconds: { clock.seconds }), pulse: writerPulse,
            outbox: outbox)
        let recovery = Recovery(files: files, wallSeconds: { clock.seconds })
        let reader = try CatalogueReader(
            connection: try SQLiteConnection(path: path, writes: false), recovery: recovery, catalogue: catalogue,
            pulse: readerPulse, hasEvents: outbox != nil)

        let disk = try DiskThreads(count: min(max(1, configuration.diskThreads), StorageLimits.diskThreadsMax))
        let records = configuration.forgetSeconds.map { seconds in
            RecordSweep(
                cataloguePath: path, files: files, table: table, catalogue: catalogue, forgetSeconds: seconds,
                wallSeconds: { clock.earliestSeconds })
        }
        let sweeper = Sweeper(
            cataloguePath: path, recovery: recovery, table: table, catalogue: catalogue, health: health,
            records: records, startNanoseconds: startNanoseconds, isStopping: isStopping)
        let threads = StoreThreads(changes: changes, queries: queries, sweeper: sweeper, journal: journal)
        do throws(StorageError) {
            try threads.startWriting(writer)
            try threads.startReading(reader, disk)
            try threads.startSweeping()
            try threads.startJournal()
        } catch {
            threads.stop(disk: disk)
            throw error
        }
        let parts = StoreParts(
            files: files, disk: disk, table: table, catalogue: catalogue, health: health,
            smallBuffers: SmallBuffers(), journal: journal,
            expiry: configuration.expiry, assemblies: Assemblies(files: files, disk: disk), clock: clock,
            space: SpaceGauge(files: files, disk: disk),
            pulses: StorePulses(catalogue: writerPulse, records: readerPulse, disk: disk),
            outbox: outbox)
        return LocalStore(parts: parts, queries: queries, threads: threads, root: root)
    }

    private static func makeTable(
        _ queries: BatchQueue<CatalogueQuery>, _ files: StoreFiles, _ connection: SQLiteConnection,
        _ configuration: StoreConfiguration
    ) throws(StorageError) -> UploadTable {
        let freeBytes = try files.space().bytes
        return UploadTable(
            queries: queries, counters: files.counters, openCount: CatalogueSchema.openCount(connection),
            openMax: configuration.openUploadsMax ?? StorageLimits.openUploadsMax(freeBytes: freeBytes))
    }

    /// Opens the data directory and takes its lock, which goes with the answer.
    static func lockedRoot(_ path: String, mustExist: Bool = false) throws(StorageError) -> Directory {
        do throws(Errno) {
            let root = mustExist ? try Directory(path: path) : try Directory.created(path: path)
            guard try root.lock() else { throw Errno.again }
            return root
        } catch {
            switch error {
            case .again: throw .directoryInUse(path)
            case .badDescriptor:
                throw StorageError(error, "lock the data directory \(path): a network file system cannot hold it")
            default: throw StorageError(error, "open the data directory \(path)")
            }
        }
    }
}
