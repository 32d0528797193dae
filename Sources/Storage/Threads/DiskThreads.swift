internal import LinuxSystem
internal import Synchronization

/// The few threads that may wait for the disk.
///
/// Two queues, one a lane. The older one of their first jobs is next, but long ones never run on all threads: some are
/// always left for what takes a moment, however slowly the disk syncs. Of the idle threads the one that went idle last
/// is woken, so a lone upload keeps one thread (and its caches) warm while the others sleep.
final class DiskThreads: Sendable {
    private struct Job {
        let job: any DiskJob
        /// The place in the order in which jobs came, over both lanes.
        let number: UInt64
    }

    private struct State {
        var short = Ring<Job>()
        var long = Ring<Job>()
        var lastNumber: UInt64 = 0
        var longRunning = 0
        /// Since when a lane's first job waits, and none of that lane was taken; by the monotonic clock.
        var shortSince: Int64?
        var longSince: Int64?
        var idle: [Worker] = []
        var isStopping = false

        mutating func append(_ job: any DiskJob, _ lane: DiskLane) {
            lastNumber += 1
            let job = Job(job: job, number: lastNumber)
            switch lane {
            case .short:
                if short.count == 0 { shortSince = SystemClock.monotonicNanoseconds }
                short.append(job)
            case .long:
                if long.count == 0 { longSince = SystemClock.monotonicNanoseconds }
                long.append(job)
            }
        }

        /// The next job that may run now.
        mutating func take(longMax: Int) -> (job: any DiskJob, lane: DiskLane)? {
            let shortNumber = short.first?.number ?? .max
            if longRunning < longMax, let next = long.first, next.number < shortNumber {
                longRunning += 1
                defer { longSince = long.count > 0 ? SystemClock.monotonicNanoseconds : nil }
                return long.popFirst().map { ($0.job, .long) }
            }
            defer { shortSince = short.count > 0 ? SystemClock.monotonicNanoseconds : nil }
            return short.popFirst().map { ($0.job, .short) }
        }
    }

    private final class Worker: Sendable {
        /// 1 once there may be something to do.
        let word = Atomic<UInt32>(0)
        let thread = Mutex<SystemThread?>(nil)

        func wake() {
            word.store(1, ordering: .releasing)
            Futex.wake(word, count: 1)
        }
    }

    private enum Step {
        case run(any DiskJob, DiskLane)
        case sleep
        case stop
    }

    private let state = Mutex(State())
    private let workers: [Worker]
    /// How many threads long jobs may have at a time.
    private let longMax: Int

    init(count: Int) throws(StorageError) {
        workers = (0..<count).map { _ in Worker() }
        longMax = DiskThreads.longMax(of: count)
        do throws(Errno) {
            for (index, worker) in workers.enumerated() {
                var thread: SystemThread? = try SystemThread(name: "disk-\(index)") { [self] in work(worker) }
                worker.thread.withLock { $0 = thread.take() }
            }
        } catch {
            stop()
            throw StorageError(error, "start a disk thread")
        }
    }

    /// A quarter of the threads, one at least, is left to short jobs; the only thread is for both.
    static func longMax(of count: Int) -> Int { max(1, count - max(1, count / 4)) }

    /// Jobs that no thread has taken yet.
    var queuedCount: Int { state.withLock { $0.short.count + $0.long.count } }

    /// For how long jobs of a lane have waited without one of them being taken, in nanoseconds: while threads get on
    /// with what they do, however long the queue is, that is never long.
    func standstillNanoseconds(_ lane: DiskLane) -> Int64 {
        let since = state.withLock { lane == .short ? $0.shortSince : $0.longSince }
        return since.map { max(0, SystemClock.monotonicNanoseconds - $0) } ?? 0
    }

    /// Queues a job. False once the threads are stopping: it will not run.
    func submit(_ job: any DiskJob, on lane: DiskLane = .short) -> Bool {
        let (isTaken, worker): (Bool, Worker?) = state.withLock { state in
            if state.isStopping { return (false, nil) }
            state.append(job, lane)
            return (true, state.idle.popLast())
        }
        worker?.wake()
        return isTaken
    }

    /// Runs `body` on a disk thread while the caller's executor does other things.
    func run<T: Sendable>(
        on lane: DiskLane = .short, _ body: @escaping @Sendable () throws(StorageError) -> T
    ) async throws(StorageError) -> T {
        let result: Result<T, StorageError> = await withUnsafeContinuation { continuation in
            let job = ClosureJob {
                do throws(StorageError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !submit(job, on: lane) { continuation.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Runs what is queued, then ends and joins the threads. Blocks.
    func stop() {
        let sleepers = state.withLock { state in
            state.isStopping = true
            defer { state.idle = [] }
            return state.idle
        }
        for worker in sleepers { worker.wake() }
        for worker in workers {
            let thread = worker.thread.withLock { $0.take() }
            thread?.join()
        }
    }

    private func work(_ worker: Worker) {
        while true {
            switch nextStep(worker) {
            case .run(let job, let lane):
                job.run()
                if lane == .long { longEnded() }
            case .sleep: while worker.word.load(ordering: .acquiring) == 0 { Futex.wait(worker.word, while: 0) }
            case .stop: return
            }
        }
    }

    /// The thread that calls this looks for the next job itself, so nobody has to be woken for it.
    private func longEnded() { state.withLock { $0.longRunning -= 1 } }

    private func nextStep(_ worker: Worker) -> Step {
        state.withLock { state in
            if let next = state.take(longMax: longMax) { return .run(next.job, next.lane) }
            // Long jobs that wait for others to end are taken by the threads on which those run.
            if state.isStopping { return .stop }
            worker.word.store(0, ordering: .relaxed)
            state.idle.append(worker)
            return .sleep
        }
    }
}
