internal import LinuxSystem
internal import Synchronization

/// Runs the jobs of one event loop's tasks, one after the other, on the loop's thread.
///
/// It is the loop's mailbox, too: whoever resumes a task of the loop from another thread (a disk thread, another loop)
/// ends up in `enqueue`, which wakes the loop through its eventfd if, and only if, it sleeps.
public final class LoopExecutor: SerialExecutor, TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isSleeping = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let thread = Atomic<UInt>(0)
    let wakeUp: EventSignal

    init() throws(Errno) { wakeUp = try EventSignal() }

    /// Takes a job from any thread; it runs on the loop's thread, in the order of arrival but for the
    /// moments in which there are too many for a turn.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            defer { state.isSleeping = false }
            return state.isSleeping
        }
        if mustWake { wakeUp.signal() }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    public func checkIsolated() { precondition(isOnLoop, "this belongs to an event loop and was used off its thread") }

    public func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    /// Whether the calling thread is the loop's.
    var isOnLoop: Bool { thread.load(ordering: .relaxed) == SystemThread.current }

    /// Makes the calling thread the one that runs the jobs. Once, before the first job.
    func bindToCurrentThread() { thread.store(SystemThread.current, ordering: .relaxed) }

    /// Announces that the loop is about to wait in the poller. Answers false, and announces nothing, where there is
    /// work to do first.
    func mayStartSleeping() -> Bool {
        state.withLock { state in
            state.isSleeping = state.jobs.isEmpty && !state.isStopped
            return state.isSleeping
        }
    }

    /// Announces that the loop is back from the poller: who resumes a task from here on need not wake it.
    func stopSleeping() { state.withLock { $0.isSleeping = false } }

    /// Makes the loop leave its thread after the turn it is in. Jobs that arrive afterwards never run.
    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.signal()
    }

    /// Runs what has been queued up to now, for a bounded time; jobs that these jobs enqueue wait for the next turn, so
    /// that the poller gets its turn as well.
    ///
    /// - Parameters:
    ///   - batch: the caller's array, kept between turns for its memory.
    ///   - late: gets what there was no time for.
    /// - Returns: false once the loop is to leave its thread.
    func runQueuedJobs(batch: inout [UnownedJob], late: inout WaitingLine<UnownedJob>) -> Bool {
        let isStopped = state.withLock { state in
            swap(&state.jobs, &batch)
            state.isSleeping = false
            return state.isStopped
        }
        let done = runSome(of: batch)
        if done < batch.count { late.append(contentsOf: batch[done...]) }
        batch.removeAll(keepingCapacity: true)
        return !isStopped
    }

    /// Runs, for a bounded time, what earlier turns had no time for.
    func runLateJobs(_ late: inout WaitingLine<UnownedJob>) {
        if late.count == 0 { return }
        let end = SystemClock.monotonicNanoseconds + ReactorLimits.jobsNanosecondsPerTurn
        while let job = late.popFirst() {
            run(job)
            if SystemClock.monotonicNanoseconds >= end { return }
        }
    }

    /// Answers how many it has run. A few are run without looking at the clock.
    private func runSome(of batch: [UnownedJob]) -> Int {
        var end = Int64.max
        for index in batch.indices {
            if index > 0, index % ReactorLimits.jobsPerLook == 0 {
                let now = SystemClock.monotonicNanoseconds
                if now >= end { return index }
                if end == .max { end = now + ReactorLimits.jobsNanosecondsPerTurn }
            }
            run(batch[index])
        }
        return batch.count
    }

    private func run(_ job: UnownedJob) {
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
}
