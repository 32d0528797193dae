import LinuxSystem
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// A server calls the store from its loops: each call must come back to the loop that made it.
@Suite struct ExecutorTests {
    @Test func `every call resumes on its caller's executor`() async throws {
        let fixture = try StoreFixture()
        let loop = try OneThread()
        let upload = Upload.sample(1)
        let visited = try await Task(executorPreference: loop) {
            var threads: Set<UInt> = []
            func here() { threads.insert(SystemThread.current) }
            _ = try await fixture.store.snapshot(of: upload.id)
            here()
            var claim = try await fixture.claim(upload.id)
            here()
            try await claim.create(upload, isDurable: true)
            here()
            var permit = try await claim.permit(at: .zero)
            for _ in 0..<4 {
                await permit.append(300_000, of: upload.id)
                here()
            }
            _ = try await permit.settle()
            here()
            _ = try await fixture.store.fencedUpload(upload.id)
            here()
            _ = try await fixture.claim(upload.id).permit(at: Offset(1_200_000)).finish(length: 1_200_000)
            here()
            _ = try await fixture.finishedFile(upload.id)
            here()
            try await fixture.claim(upload.id).delete()
            here()
            return threads
        }.value
        #expect(visited == [loop.thread])
        loop.stop()
    }
}

/// An executor with one thread of its own.
private final class OneThread: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopping = false
    }

    private let state = Mutex(State())
    private let word = Atomic<UInt32>(0)
    private let number = Atomic<UInt>(0)

    init() throws {
        _ = try SystemThread(name: "loop") { [self] in run() }
        while number.load(ordering: .acquiring) == 0 { Futex.wait(word, while: 0) }
    }

    var thread: UInt { number.load(ordering: .acquiring) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        wake()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    private func wake() {
        word.add(1, ordering: .releasing)
        Futex.wake(word, count: 2)
    }

    private func run() {
        number.store(SystemThread.current, ordering: .releasing)
        wake()
        while true {
            let seen = word.load(ordering: .acquiring)
            let (jobs, isStopping) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isStopping)
            }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
            if jobs.isEmpty, isStopping { return }
            if jobs.isEmpty { Futex.wait(word, while: seen) }
        }
    }
}
