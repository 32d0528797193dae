internal import LinuxSystem
internal import Uploads

/// The thread that tidies up, beside the traffic and with connections of its own.
///
/// After the start it has the catalogue looked through (`CatalogueLook`): damaged, it would have a sweep remove what is
/// still wanted, and every change could make it worse. Then it removes what a crash has left, uploads that nobody can
/// go on with included (`UnfinishedSweep`), and from then on
///
/// - does so again soon after something could not be removed or recorded (`nudge`), and for as long as something is in
///   the way, more and more rarely;
/// - forgets what `RecordSweep` says.
final class Sweeper: Sendable {
    private let recovery: Recovery
    private let table: UploadTable
    private let catalogue: Catalogue
    /// Files written since belong to this run.
    private let startNanoseconds: Int64
    private let health: StoreHealth
    private let records: RecordSweep?
    private let cataloguePath: String
    private let isStopping: StopFlag

    private var files: StoreFiles { recovery.files }

    /// - Parameter isStopping: raised to end the thread, nudged when something was left behind.
    init(
        cataloguePath: String, recovery: Recovery, table: UploadTable, catalogue: Catalogue, health: StoreHealth,
        records: RecordSweep?, startNanoseconds: Int64, isStopping: StopFlag
    ) {
        self.cataloguePath = cataloguePath
        self.records = records
        self.recovery = recovery
        self.table = table
        self.catalogue = catalogue
        self.health = health
        self.startNanoseconds = startNanoseconds
        self.isStopping = isStopping
    }

    func stop() { isStopping.raise() }

    /// The thread's work, until it is told to stop.
    func run() {
        guard isSound() else { return }
        var failures = sweep(isFirst: true)
        var isRetried = failures.count > 0
        var pause = StorageLimits.sweepRetryNanosecondsMin
        var recordsDue = SystemClock.monotonicNanoseconds
        var retryDue = recordsDue + pause
        while !isStopping.isRaised {
            let now = SystemClock.monotonicNanoseconds
            if let records, now >= recordsDue {
                records.run(until: isStopping)
                recordsDue = SystemClock.monotonicNanoseconds + records.restNanoseconds
            }
            let next = min(records == nil ? .max : recordsDue, isRetried ? retryDue : .max)
            isStopping.sleepUnlessNudged(nanosecondsMax: max(0, next - SystemClock.monotonicNanoseconds))
            if isStopping.takeNudge() {
                // Others follow where one thing goes wrong.
                isStopping.sleep(nanosecondsMax: StorageLimits.sweepRetryNanosecondsMin)
                _ = isStopping.takeNudge()
                pause = StorageLimits.sweepRetryNanosecondsMin
            } else if !isRetried || SystemClock.monotonicNanoseconds < retryDue {
                continue
            }
            // With the catalogue shut nothing is removed: a change that was reported as failed may come back at the
            // next start, and needs its bytes.
            isRetried = health.failure != nil
            if !isRetried {
                let before = failures
                failures = sweep(isFirst: false)
                isRetried = failures.count > 0
                report(failures, unlessLike: before)
            }
            pause = min(pause * 2, StorageLimits.sweepRetryNanosecondsMax)
            retryDue = SystemClock.monotonicNanoseconds + pause
        }
    }

    /// Answers whether the catalogue is, as soon as it can be read; false also when the thread is to end.
    private func isSound() -> Bool {
        var pause = StorageLimits.sweepRetryNanosecondsMin
        var isTold = false
        while !isStopping.isRaised {
            do throws(StorageError) {
                guard
                    let problem = try CatalogueLook(try files.openCatalogue(cataloguePath), isStopping: isStopping)
                        .problem()
                else {
                    return true
                }
                if !isStopping.isRaised { health.fail(problem) }
                return false
            } catch {
                if !isTold, !isStopping.isRaised { files.report(.sweepFailed(error, count: 1)) }
                isTold = true
            }
            isStopping.sleep(nanosecondsMax: pause)
            pause = min(pause * 2, StorageLimits.sweepRetryNanosecondsMax)
        }
        return false
    }

    private func sweep(isFirst: Bool) -> SweepFailures {
        var failures = SweepFailures()
        do throws(StorageError) {
            _ = try files.seePlaces()
            let connection = try files.openCatalogue(cataloguePath)
            connection.interrupt(by: isStopping)
            try CleanupSweep(connection: connection, files: files).run(table, catalogue, &failures)
            if isFirst {
                let unfinished = UnfinishedSweep(
                    recovery: recovery, table: table, catalogue: catalogue, connection: connection,
                    isStopping: isStopping)
                try unfinished.run(&failures)
            }
            let sweep = DataSweep(
                recovery: recovery, table: table, catalogue: catalogue, connection: connection,
                beforeNanoseconds: isFirst ? startNanoseconds : nil, isStopping: isStopping)
            let removed = try sweep.run(&failures)
            if isFirst || removed > 0 { files.report(.swept(files: removed)) }
        } catch { failures.add(error) }
        if isFirst { report(failures, unlessLike: SweepFailures()) }
        return failures
    }

    private func report(_ failures: SweepFailures, unlessLike before: SweepFailures) {
        guard let first = failures.first, !isStopping.isRaised else { return }
        if first != before.first || failures.count != before.count {
            files.report(.sweepFailed(first, count: failures.count))
        }
    }
}
