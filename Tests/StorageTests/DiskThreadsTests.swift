import Synchronization
import TestSupport
import Testing

@testable import Storage

/// Who waits for whom on the disk threads.
@Suite(.timeLimit(.minutes(1))) struct DiskThreadsTests {
    /// Long work that stands still until it is let go.
    private final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, waiting: Int)>((false, 0))

        func pass() {
            state.withLock { $0.waiting += 1 }
            while !state.withLock({ $0.isOpen }) {}
        }

        func open() { state.withLock { $0.isOpen = true } }

        /// How many have come to it.
        var count: Int { state.withLock { $0.waiting } }
    }

    @Test(arguments: [2, 4, 8])
    func `a short job does not wait, however many long ones stand still`(count: Int) async throws {
        let threads = try DiskThreads(count: count)
        let gate = Gate()
        for _ in 0..<3 * count { #expect(threads.submit(ClosureJob { gate.pass() }, on: .long)) }
        for number in 0..<100 { #expect(try await threads.run { () throws(StorageError) in number } == number) }
        #expect(gate.count <= DiskThreads.longMax(of: count))
        gate.open()
        threads.stop()
        #expect(gate.count == 3 * count, "all of them run in the end")
    }

    @Test func `a lane whose threads all stand still is known by that, and one that has nothing to do is not`()
        async throws
    {
        let threads = try DiskThreads(count: 4)
        let gate = Gate()
        #expect(threads.standstillNanoseconds(.long) == 0)
        for _ in 0..<3 { #expect(threads.submit(ClosureJob { gate.pass() }, on: .long)) }
        #expect(await eventually { gate.count == 3 })
        #expect(threads.standstillNanoseconds(.long) == 0, "nobody waits for them")
        #expect(threads.submit(ClosureJob {}, on: .long))
        #expect(await eventually { threads.standstillNanoseconds(.long) > 10_000_000 })
        try await threads.run { () throws(StorageError) in }
        #expect(threads.standstillNanoseconds(.short) == 0)
        gate.open()
        #expect(await eventually { threads.standstillNanoseconds(.long) == 0 })
        threads.stop()
    }

    @Test func `a thread's step takes as long as its pulse is not heard`() async {
        let pulse = ThreadPulse()
        #expect(pulse.stepNanoseconds == 0)
        pulse.beat()
        #expect(await eventually { pulse.stepNanoseconds > 10_000_000 })
        pulse.beat()
        let fresh = pulse.stepNanoseconds
        #expect(await eventually { pulse.stepNanoseconds > fresh })
        pulse.rest()
        #expect(pulse.stepNanoseconds == 0)
    }

    @Test func `neither lane starves the other one on the only thread`() async throws {
        let threads = try DiskThreads(count: 1)
        let order = Mutex<[Int]>([])
        let gate = Gate()
        #expect(threads.submit(ClosureJob { gate.pass() }))
        for number in 0..<10 {
            let lane: DiskLane = number % 2 == 0 ? .long : .short
            #expect(threads.submit(ClosureJob { order.withLock { $0.append(number) } }, on: lane))
        }
        gate.open()
        threads.stop()
        #expect(order.withLock { $0 } == Array(0..<10), "in the order in which they came")
    }

    @Test func `what is queued when the threads stop still runs, and nothing after that`() async throws {
        let threads = try DiskThreads(count: 4)
        let count = Atomic(0)
        for number in 0..<200 {
            let job = ClosureJob { count.add(1, ordering: .relaxed) }
            #expect(threads.submit(job, on: number % 3 == 0 ? .short : .long))
        }
        threads.stop()
        #expect(count.load(ordering: .relaxed) == 200)
        #expect(!threads.submit(ClosureJob {}, on: .long))
    }
}
