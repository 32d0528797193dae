internal import LinuxSystem
internal import Synchronization

/// One piece of blocking work. An object, so that the same one can be handed in again without an allocation.
protocol DiskJob: AnyObject, Sendable {
    /// Does the work, on a disk thread.
    func run()
}

/// The few threads that may wait for the disk.
///
/// One queue; of the idle threads the one that went idle last is woken, so a lone upload keeps one thread (and its
/// caches) warm while the others sleep.
final class DiskThreads: Sendable {
    private struct State {
        var jobs = Ring<any DiskJob>()
        var idle: [Worker] = []
        var isStopping = false
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
        case run(any DiskJob)
        case sleep
        case stop
    }

    private let state = Mutex(State())
    private let workers: [Worker]

    init(count: Int) throws(StorageError) {
        workers = (0..<count).map { _ in Worker() }
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

    /// Jobs that no thread has taken yet.
    var queuedCount: Int { state.withLock { $0.jobs.count } }

    /// Queues a job. False once the threads are stopping: it will not run.
    func submit(_ job: any DiskJob) -> Bool {
        let (isTaken, worker): (Bool, Worker?) = state.withLock { state in
            if state.isStopping { return (false, nil) }
            state.jobs.append(job)
            return (true, state.idle.popLast())
        }
        worker?.wake()
        return isTaken
    }

    /// Runs `body` on a disk thread while the caller's executor does other things.
    func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(StorageError) -> T
    ) async throws(StorageError) -> T {
        let result: Result<T, StorageError> = await withUnsafeContinuation { continuation in
            let job = ClosureJob {
                do throws(StorageError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !submit(job) { continuation.resume(returning: .failure(.closed)) }
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
            case .run(let job): job.run()
            case .sleep: while worker.word.load(ordering: .acquiring) == 0 { Futex.wait(worker.word, while: 0) }
            case .stop: return
            }
        }
    }

    private func nextStep(_ worker: Worker) -> Step {
        state.withLock { state in
            if let job = state.jobs.popFirst() { return .run(job) }
            if state.isStopping { return .stop }
            worker.word.store(0, ordering: .relaxed)
            state.idle.append(worker)
            return .sleep
        }
    }
}

/// A job that is a closure, for what happens a few times in the life of an upload.
final class ClosureJob: DiskJob {
    private let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    func run() { body() }
}
