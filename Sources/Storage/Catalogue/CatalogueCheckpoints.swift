internal import LinuxSystem

/// Carries SQLite's log over into the catalogue's database, at moments of the store's own: when it has grown, when
/// nothing else is to do, and at the end; never while somebody waits for a commit. Confined to the catalogue's thread.
///
/// The log is what told changes are in until then, so it may begin anew only when the database is on the disk. After a
/// failure the database's pages may be gone from memory without being there, or be shown by memory although they are
/// not: they are synced and forgotten first (`StoreFiles.settleDatabase`), and then the whole log is carried over once
/// more. Meanwhile it grows, up to a bound; beyond that changes are refused.
struct CatalogueCheckpoints {
    private let connection: SQLiteConnection
    private let files: StoreFiles
    /// How long the log was last, and how much of that is carried over, in pages.
    private var seenPages = 0
    private var carriedPages = 0
    private var failure: StorageError?
    /// Before this moment of the monotonic clock nothing that has failed is tried again.
    private var retryNanoseconds: Int64 = .min
    private var isGrowthTold = false

    init(_ connection: SQLiteConnection, _ files: StoreFiles) {
        self.connection = connection
        self.files = files
    }

    /// Why nothing more may be added to the log, or nil.
    var refusal: StorageError? {
        failure.flatMap { connection.logPages >= StorageLimits.catalogueLogPagesMax ? $0 : nil }
    }

    /// After how long without a change there is something to do, in nanoseconds; nil for nothing.
    var restNanoseconds: Int64? {
        if failure != nil || isDue { return StorageLimits.catalogueRetryNanoseconds }
        return pendingPages > 0 ? StorageLimits.catalogueIdleNanoseconds : nil
    }

    /// What the log holds and the database lacks.
    private var pendingPages: Int { max(0, connection.logPages - carriedPages) }

    /// A log that could not begin anew, because somebody read, goes on behind what is carried over.
    private var isDue: Bool {
        let most =
            connection.logPages > StorageLimits.catalogueLogPages
            ? StorageLimits.catalogueLogPagesAgain : StorageLimits.catalogueLogPages
        return pendingPages >= most
    }

    /// Carries over what is due; whatever there is, if nothing else is to do.
    mutating func run(isIdle: Bool) {
        look()
        if pendingPages > 0, isDue || isIdle || failure != nil { carryOver() }
    }

    /// Carries over all there is, before the connection is closed: SQLite would do so then, and remove the log.
    mutating func end() {
        look()
        // What is wrong is told once, and then known.
        for _ in 0..<2 where pendingPages > 0 {
            retryNanoseconds = .min
            carryOver()
        }
        if failure != nil { connection.keepLog() }
    }

    /// A log that is shorter than it was has begun anew.
    private mutating func look() {
        if connection.logPages < seenPages { carriedPages = 0 }
        seenPages = connection.logPages
    }

    private mutating func carryOver() {
        let now = SystemClock.monotonicNanoseconds
        if failure != nil, now < retryNanoseconds { return }
        do throws(StorageError) {
            if failure != nil { try files.settleDatabase() }
            guard try connection.carryLogOver() else { return held() }
            (seenPages, carriedPages) = (connection.logPages, connection.logPages)
            isGrowthTold = false
            if failure != nil { files.report(.checkpointsResumed) }
            failure = nil
        } catch {
            if failure == nil { files.report(.checkpointFailed(error)) }
            failure = error
            retryNanoseconds = now + StorageLimits.catalogueRetryNanoseconds
        }
    }

    /// Somebody reads an older state. That is his right; only for how long is worth a word.
    private mutating func held() {
        if isGrowthTold || connection.logPages < StorageLimits.catalogueLogPagesMax { return }
        isGrowthTold = true
        files.report(.logGrows(bytes: Int64(connection.logPages) * StorageLimits.catalogueLogPageBytes))
    }
}
