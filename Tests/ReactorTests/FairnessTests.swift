import Foundation
import LinuxSystem
import Synchronization
import TestSupport
import Testing

@testable import Reactor

/// Who has much to do lets the others go first, and nobody is blamed for a loop that stood still.
@Suite(.timeLimit(.minutes(1))) struct FairnessTests {
    /// Keeps the processor busy for so long.
    private static func work(nanoseconds: Int64) {
        let end = SystemClock.monotonicNanoseconds + nanoseconds
        while SystemClock.monotonicNanoseconds < end {}
    }

    @Test func `a hundred tasks with a millisecond's work each do not keep the loop from what comes in`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let loop = group.loops[0]
        let ends = Counter()
        let working = Counter()
        await withTaskGroup { tasks in
            for _ in 0..<100 {
                tasks.addTask {
                    await onLoop(loop) { loop in
                        let watch = loop.watch()
                        defer { loop.end(watch) }
                        while ends.value == 0 {
                            await watch.yield()
                            FairnessTests.work(nanoseconds: 1_000_000)
                            working.increment()
                        }
                    }
                }
            }
            #expect(await eventually { working.value > 100 })
            var waits: [Int64] = []
            for _ in 0..<20 {
                let start = SystemClock.monotonicNanoseconds
                await onLoop(loop) { _ in }
                waits.append(SystemClock.monotonicNanoseconds - start)
            }
            ends.increment()
            // All of them at once would take a hundred milliseconds. The median, since the machine has other work.
            #expect(waits.sorted()[10] < 30_000_000)
        }
    }

    @Test func `ten thousand tasks that become ready at once do not keep the loop from what comes in`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let loop = group.loops[0]
        let (left, right) = try Socket.pair()
        let reader = FileDescriptor(owning: left)
        let writer = FileDescriptor(owning: right)
        let (done, doneAtSpawn, doneAtByte, doneAtTime) = (Counter(), Counter(), Counter(), Counter())
        let waiting = Counter()
        let count = 10_000
        loop.spawn { loop in
            let watch = try! loop.watch(left)
            defer { loop.end(watch, left) }
            await watch.nextTurn()
            watch.exhaustedReading()
            waiting.increment()
            try? await watch.untilReadable()
            doneAtByte.raise(to: done.value)
        }
        #expect(await eventually { waiting.value == 1 })
        loop.spawn { loop in
            // All of them are in the queue when the loop comes to it.
            for _ in 0..<count {
                loop.spawn { loop in
                    FairnessTests.work(nanoseconds: 50_000)
                    done.increment()
                    guard done.value == 100 else { return }
                    // Now bytes come, a task, and a time.
                    #expect(write(right, "x", 1) == 1)
                    loop.spawn { loop in
                        doneAtSpawn.raise(to: done.value)
                        let watch = loop.watch()
                        defer { loop.end(watch) }
                        try? await watch.pause(nanoseconds: 1_000_000)
                        doneAtTime.raise(to: done.value)
                    }
                }
            }
        }
        #expect(await eventually { done.value == count && doneAtByte.value > 0 && doneAtTime.value > 0 })
        // Each of the three came between them, not behind them.
        for early in [doneAtSpawn, doneAtByte, doneAtTime] { #expect(early.value < count / 2) }
        _ = consume reader
        _ = consume writer
    }

    private final class Order: Sendable {
        private let names = Mutex<[Int]>([])
        func add(_ name: Int) { names.withLock { $0.append(name) } }
        var all: [Int] { names.withLock { $0 } }
    }

    @Test func `who yields goes on in the order of asking, once a turn`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let order = Order()
        await onLoop(group.loops[0]) { loop in
            for name in 0..<8 {
                loop.spawn { loop in
                    let watch = loop.watch()
                    defer { loop.end(watch) }
                    for _ in 0..<50 {
                        await watch.yield()
                        order.add(name)
                    }
                }
            }
        }
        #expect(await eventually { order.all.count == 400 })
        let rounds = order.all
        #expect(rounds.count == 400)
        let first = Array(rounds[..<8])
        #expect(Set(first) == Set(0..<8))
        for start in stride(from: 0, to: 400, by: 8) { #expect(Array(rounds[start..<start + 8]) == first) }
    }

    @Test func `a deadline does not run while the loop stands still, and runs on afterwards`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let (ran, stalled) = await onLoop(group.loops[0]) { loop -> (Int64, Int64) in
            let watch = loop.watch()
            defer { loop.end(watch) }
            let start = SystemClock.monotonicNanoseconds
            watch.setDeadline(start + 500_000_000)
            // As if the process had been stopped.
            FairnessTests.work(nanoseconds: 1_500_000_000)
            await #expect(throws: Interruption.timedOut) { while true { try await watch.untilWoken() } }
            return (SystemClock.monotonicNanoseconds - start, watch.stalledNanoseconds)
        }
        #expect(stalled >= 1_000_000_000)
        #expect(ran >= 1_900_000_000)
    }

    @Test func `a loop that is always late has deadlines all the same`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        await onLoop(group.loops[0]) { loop in
            let watch = loop.watch()
            defer { loop.end(watch) }
            watch.setDeadline(SystemClock.monotonicNanoseconds + 2_500_000_000)
            for _ in 0..<5 {
                FairnessTests.work(nanoseconds: 1_100_000_000)
                await watch.yield()
            }
            #expect(throws: Interruption.timedOut) { try watch.checkInterruption() }
        }
    }

    @Test func `bytes that came in time count, also when the deadline is seen with them`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let (left, right) = try Socket.pair()
        let writer = Socket(FileDescriptor(owning: right))
        let reader = Socket(FileDescriptor(owning: left))
        await onLoop(group.loops[0]) { loop in
            let watch = try! loop.watch(left)
            defer { loop.end(watch, left) }
            watch.exhaustedReading()
            await watch.yield()
            watch.exhaustedReading()
            watch.setDeadline(SystemClock.monotonicNanoseconds + 20_000_000)
            _ = try! writer.send(from: [1] as [UInt8], count: 1)
            // Both have come when the task looks.
            FairnessTests.work(nanoseconds: 40_000_000)
            await #expect(throws: Never.self) { try await watch.untilReadable() }
            // There is nothing more, and the deadline still stands.
            watch.exhaustedReading()
            await #expect(throws: Interruption.timedOut) { try await watch.untilReadable() }
        }
        _ = consume reader
    }

    @Test func `a crowd of timers goes off in parts, all of it`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let fired = Counter()
        let count = ReactorLimits.timersPerTurn * 4 + 1
        await onLoop(group.loops[0]) { loop in
            let time = SystemClock.monotonicNanoseconds + 5_000_000
            for _ in 0..<count {
                loop.spawn { loop in
                    let watch = loop.watch()
                    watch.setDeadline(time)
                    do { while true { try await watch.untilWoken() } } catch { fired.increment() }
                    loop.end(watch)
                }
            }
        }
        #expect(await eventually { fired.value == count })
    }

    @Test func `a loop that resumes a task in its own turn does not wake itself`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let loop = group.loops[0]
        let turns = await onLoop(loop) { loop -> Int in
            let watch = loop.watch()
            defer { loop.end(watch) }
            let before = loop.turnCount
            for _ in 0..<50 { try? await watch.pause(nanoseconds: 2_000_000) }
            return loop.turnCount - before
        }
        // One turn a pause; with a signal to itself each would bring a second one.
        #expect(turns <= 75)
    }
}
