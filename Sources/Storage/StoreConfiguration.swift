public import LinuxSystem
public import Uploads

/// Where a store lives and how it works.
public struct StoreConfiguration: Sendable {
    /// The data directory. It is made with its parents if missing; one store at a time has it.
    public var path: String
    /// What a settled offset survives.
    public var durability: Durability
    /// Threads that write, sync and rename, 1 to `StorageLimits.diskThreadsMax`; a number outside is pulled inside.
    public var diskThreads: Int
    /// Whether large writes go past the page cache where the file system allows it.
    public var directIO: Bool
    /// Size in bytes of the journal that takes small bodies with durability `power`, made when it is first needed; 0
    /// for none.
    public var journalBytes: Int64 = 128 << 20
    /// How long a small file may stay in the journal only, in nanoseconds. A loss of power within that time has the
    /// next start write it once more, even where somebody has changed it or taken it away.
    public var journalHoldNanoseconds: Int64 = 5_000_000_000
    /// Which run of the machine this is; nil where that cannot be told, and then every crash counts as a loss of power.
    public var bootID: BootID? = .current
    /// When uploads that nobody goes on with may be removed; each settled append starts the time anew.
    public var expiry = ExpiryPolicy.never
    /// How many uploads may be open at once, 1 or more; nil for what a share of the free space holds at the start
    /// (`StorageLimits.openUploadsMax`).
    public var openUploadsMax: Int?
    /// Free space in bytes that uploads leave alone, but for what is being written at that moment.
    public var reserveBytes: Int64 = 0
    /// Who is to be told of what becomes of uploads.
    public var events = EventsConfiguration()
    /// What is computed of files while they come; nil for nothing.
    public var digests: FileDigests?
    /// Who may read the files that are finished from now on.
    public var access = FileAccess()
    /// How long after its end a finished upload is remembered whose file its owner has taken away, in seconds; nil for
    /// ever.
    public var forgetSeconds: Int64?
    /// The clock of expiry and of records, in seconds since 1970-01-01 UTC; its leaps are doubted (`SteadyClock`). From
    /// any thread.
    public var wallSeconds: @Sendable () -> Int64 = { SystemClock.wallNanoseconds / 1_000_000_000 }
    /// The clock that it is compared with, in seconds since some fixed point. From any thread.
    public var bootSeconds: @Sendable () -> Int64 = { SystemClock.bootNanoseconds / 1_000_000_000 }
    /// Told what an operator should know; called on the store's threads, so it must be quick and must not wait.
    public var onEvent: @Sendable (StoreEvent) -> Void

    public init(
        path: String, durability: Durability = .power, diskThreads: Int = 8, directIO: Bool = true,
        onEvent: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) {
        self.path = path
        self.durability = durability
        self.diskThreads = diskThreads
        self.directIO = directIO
        self.onEvent = onEvent
    }
}
