import LinuxSystem
import Reactor
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct WaitingTests {
    @Test func `a deadline that moves to and fro has one timer, and none once its watch has ended`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        await onLoop(group.loops[0]) { loop in
            let before = loop.timerCount
            let watch = loop.watch()
            for round in 1...1000 {
                watch.setDeadline(SystemClock.monotonicNanoseconds + 1_000_000_000_000 - Int64(round))
                watch.setDeadline(SystemClock.monotonicNanoseconds + 2_000_000_000_000)
            }
            #expect(loop.timerCount == before + 1)
            loop.end(watch)
            #expect(loop.timerCount == before)
        }
    }

    @Test func `a task that yields lets every other task have its turn first`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let turns = Turns()
        await withTaskGroup { tasks in
            for name in 0...1 {
                tasks.addTask {
                    await onLoop(group.loops[0]) { loop in
                        let watch = loop.watch()
                        defer { loop.end(watch) }
                        turns.begin()
                        while turns.begun < 2 { await watch.yield() }
                        for _ in 0..<100 {
                            turns.take(name)
                            await watch.yield()
                        }
                    }
                }
            }
        }
        let order = turns.order
        #expect(order.count == 200)
        // Alternately, wherever they began.
        for index in stride(from: 0, to: 200, by: 2) { #expect(Set(order[index...index + 1]) == [0, 1]) }
    }

    /// Who had a turn, in order.
    private final class Turns: Sendable {
        private let state = Mutex<(begun: Int, order: [Int])>((0, []))
        func begin() { state.withLock { $0.begun += 1 } }
        var begun: Int { state.withLock { $0.begun } }
        func take(_ name: Int) { state.withLock { $0.order.append(name) } }
        var order: [Int] { state.withLock { $0.order } }
    }

    @Test func `whoever is parked goes on in a task of its own when bytes come, once`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let (left, right) = try Socket.pair()
        let writer = Socket(FileDescriptor(owning: right))
        let reader = Socket(FileDescriptor(owning: left))
        let resumed = Signal()
        let token = await onLoop(group.loops[0]) { loop -> EventToken in
            let watch = try! loop.watch(left)
            watch.exhaustedReading()
            watch.park(Waiter(watch, resumed, left))
            // A socket that can be written to again is no reason to wake it.
            watch.wake()
            return watch.token
        }
        for _ in 0..<3 {
            _ = try writer.send(from: [1] as [UInt8], count: 1)
            await resumed.wait()
        }
        // So is an interruption; this one is the last.
        await onLoop(group.loops[0]) { $0.interrupt(token, epoch: 0, Waiter.leave) }
        await resumed.wait()
        #expect(await onLoop(group.loops[0]) { $0.timerCount } == 0)
        _ = consume reader
    }

    /// Parks itself again each time, until told to leave.
    private final class Waiter: Parked {
        static let leave = Interruption(rawValue: 7)
        private let watch: Watch
        private let resumed: Signal
        private let descriptor: Int32

        init(_ watch: Watch, _ resumed: Signal, _ descriptor: Int32) {
            self.watch = watch
            self.resumed = resumed
            self.descriptor = descriptor
        }

        func resume(on loop: isolated EventLoop) async {
            defer { resumed.send() }
            do throws(Interruption) {
                try watch.checkInterruption()
                watch.exhaustedReading()
                watch.park(self)
            } catch {
                #expect(error == Waiter.leave)
                loop.end(watch, descriptor)
            }
        }
    }
}
