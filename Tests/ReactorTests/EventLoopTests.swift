import LinuxSystem
import Reactor
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventLoopTests {
    @Test func `a task started from another thread runs on the loop`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let here = SystemThread.current
        let there = await onLoop(group.loops[0]) { _ in SystemThread.current }
        #expect(there != here)
    }

    @Test func `bytes wake the task that sleeps for them`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let (left, right) = try Socket.pair()
        let writer = Socket(FileDescriptor(owning: right))
        let asleep = Signal()
        async let received = onLoop(group.loops[0]) { loop -> [UInt8] in
            let socket = Socket(FileDescriptor(owning: left))
            let watch = try! loop.watch(left)
            defer { loop.end(watch, left) }
            var bytes: [UInt8] = []
            while true {
                let chunk = [UInt8](unsafeUninitializedCapacity: 16) { memory, count in
                    switch try! socket.receive(into: memory.baseAddress!, count: 16) {
                    case .bytes(let moved): count = moved
                    case .wouldBlock: count = 0
                    case .endOfStream: count = 0
                    }
                }
                bytes += chunk
                if bytes.count >= 5 { return bytes }
                watch.exhaustedReading()
                asleep.send()
                try! await watch.untilReadable()
            }
        }
        await asleep.wait()
        _ = try writer.send(from: [1, 2, 3] as [UInt8], count: 3)
        await asleep.wait()
        _ = try writer.send(from: [4, 5] as [UInt8], count: 2)
        let all = await received
        #expect(all == [1, 2, 3, 4, 5])
    }

    @Test func `a passed deadline interrupts, a moved one does not`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let waited = await onLoop(group.loops[0]) { loop -> Int64 in
            let watch = loop.watch()
            defer { loop.end(watch) }
            let start = SystemClock.monotonicNanoseconds
            watch.setDeadline(start + 5_000_000)
            watch.setDeadline(start + 60_000_000)
            do throws(Interruption) {
                while true { try await watch.untilWoken() }
            } catch {
                #expect(error == .timedOut)
            }
            return SystemClock.monotonicNanoseconds - start
        }
        #expect(waited >= 60_000_000)
    }

    @Test func `a deadline that passed while the task did something else is met by setting the next`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        await onLoop(group.loops[0]) { loop in
            let watch = loop.watch()
            let clock = loop.watch()
            defer {
                loop.end(watch)
                loop.end(clock)
            }
            watch.setDeadline(SystemClock.monotonicNanoseconds + 1_000_000)
            // The task waits for a disk, say, not on its watch.
            try? await clock.pause(nanoseconds: 20_000_000)
            #expect(throws: Interruption.timedOut) { try watch.checkInterruption() }
            watch.setDeadline(SystemClock.monotonicNanoseconds + 60_000_000_000)
            #expect(throws: Never.self) { try watch.checkInterruption() }
            let epoch = watch.beginEpoch()
            loop.interrupt(watch.token, epoch: epoch, Interruption(rawValue: 7))
            watch.setDeadline(.max)
            #expect(throws: Interruption(rawValue: 7)) { try watch.checkInterruption() }
        }
    }

    @Test(arguments: [Int64.min, -1, 0]) func `a deadline before the clock began has passed`(deadline: Int64)
        async throws
    {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        await onLoop(group.loops[0]) { loop in
            let watch = loop.watch()
            defer { loop.end(watch) }
            watch.setDeadline(deadline)
            do throws(Interruption) {
                while true { try await watch.untilWoken() }
            } catch {
                #expect(error == .timedOut)
            }
            watch.clearInterruption()
            try? await watch.pause(nanoseconds: deadline)
            #expect(throws: Never.self) { try watch.checkInterruption() }
        }
    }

    @Test(arguments: [Int64.max, Int64.max - 1, Int64.max / 2 + 1]) func `a deadline that never comes is none`(
        deadline: Int64
    ) async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        await onLoop(group.loops[0]) { loop in
            let watch = loop.watch()
            let clock = loop.watch()
            defer {
                loop.end(watch)
                loop.end(clock)
            }
            watch.setDeadline(deadline)
            #expect(loop.timerCount == 0)
            try? await clock.pause(nanoseconds: 1_000_000)
            #expect(throws: Never.self) { try watch.checkInterruption() }
            loop.spawn { [token = watch.token] in $0.interrupt(token, Interruption(rawValue: 7)) }
            do throws(Interruption) {
                try await watch.pause(nanoseconds: deadline)
            } catch {
                #expect(error == Interruption(rawValue: 7))
            }
        }
    }

    @Test func `an interrupt reaches only the work it was meant for`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let loop = group.loops[0]
        let fenced = Interruption(rawValue: 7)
        let outcome = await onLoop(loop) { loop -> (stale: Bool, fresh: Bool) in
            let watch = loop.watch()
            defer { loop.end(watch) }
            let first = watch.beginEpoch()
            let second = watch.beginEpoch()
            loop.interrupt(watch.token, epoch: first, fenced)
            let stale = (try? watch.checkInterruption()) == nil
            loop.interrupt(watch.token, epoch: second, fenced)
            let fresh = (try? watch.checkInterruption()) == nil
            return (stale, fresh)
        }
        #expect(outcome.stale == false)
        #expect(outcome.fresh == true)
    }

    @Test func `an interrupt for an ended watch falls on nobody, even when its slot lives on`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        await onLoop(group.loops[0]) { loop in
            let old = loop.watch()
            let epoch = old.beginEpoch()
            let token = old.token
            loop.end(old)
            let new = loop.watch()
            #expect(new.beginEpoch() == epoch)
            #expect(new.token != token)
            loop.interrupt(token, epoch: epoch, Interruption(rawValue: 7))
            #expect(throws: Never.self) { try new.checkInterruption() }
            loop.end(new)
        }
    }

    @Test func `ten thousand resumptions from other threads are all delivered`() async throws {
        let group = try LoopGroup(count: 2, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let total = Counter()
        await withTaskGroup { tasks in
            for index in 0..<100 {
                let loop = group.loops[index % 2]
                tasks.addTask {
                    for _ in 0..<100 { await onLoop(loop) { _ in total.increment() } }
                }
            }
        }
        #expect(total.value == 10_000)
    }
}
