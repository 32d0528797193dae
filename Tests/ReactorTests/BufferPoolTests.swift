import LinuxSystem
import Synchronization
import TestSupport
import Testing

@testable import Reactor

/// One bound for all loops: what one does not use another may, and nothing goes beyond it.
@Suite(.timeLimit(.minutes(1))) struct BufferPoolTests {
    @Test(arguments: [1, 2, 64])
    func `the bound is that of the memory, however many loops share it`(loops: Int) throws {
        let group = try LoopGroup(count: loops, bufferMemoryBytes: 16 << 20)
        defer { group.stop() }
        let loop = group.loops[loops - 1]
        let bytes =
            loop.buffers.limit * loop.buffers.bufferBytes + loop.sendBuffers.limit * loop.sendBuffers.bufferBytes
        #expect(bytes <= 16 << 20)
        #expect(bytes > 14 << 20)
        for other in group.loops { #expect(other.buffers === loop.buffers) }
    }

    @Test func `one loop takes what the others leave, and what it takes they wait for`() async throws {
        let group = try LoopGroup(count: 2, bufferMemoryBytes: 8 << 20)
        defer { group.stop() }
        let pool = group.loops[0].buffers
        let held = Held()
        await onLoop(group.loops[0]) { _ in while let buffer = pool.tryLease() { held.put(buffer) } }
        #expect(held.count == pool.limit)
        #expect(pool.leasedCount == pool.limit)
        let waits = Signal()
        async let late = onLoop(group.loops[1]) { loop -> Bool in
            let watch = loop.watch()
            defer { loop.end(watch) }
            waits.send()
            guard let buffer = try? await pool.lease(watch) else { return false }
            pool.giveBack(buffer)
            return true
        }
        await waits.wait()
        await onLoop(group.loops[0]) { _ in pool.giveBack(held.take()!) }
        #expect(await late)
        await onLoop(group.loops[0]) { _ in while let buffer = held.take() { pool.giveBack(buffer) } }
        #expect(pool.leasedCount == 0)
        #expect(pool.count <= pool.limit)
    }

    @Test func `a thousand tasks on four loops get through with three buffers`() async throws {
        let group = try LoopGroup(count: 4, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let pool = group.loops[0].buffers
        #expect(pool.limit == 3)
        let done = Counter()
        await withTaskGroup { tasks in
            for index in 0..<1000 {
                tasks.addTask {
                    await onLoop(group.loops[index % 4]) { loop in
                        let watch = loop.watch()
                        defer { loop.end(watch) }
                        // Some give up on the way.
                        if index % 7 == 0 { loop.interrupt(watch.token, epoch: 0, Interruption(rawValue: 7)) }
                        guard let buffer = try? await pool.lease(watch) else { return done.increment() }
                        #expect(pool.leasedCount <= 3)
                        await watch.yield()
                        pool.giveBack(buffer)
                        done.increment()
                    }
                }
            }
        }
        #expect(done.value == 1000)
        #expect(pool.leasedCount == 0)
    }

    @Test func `memory that the system does not have is asked for again`() async throws {
        // More than any address space has.
        let pool = BufferPool(bufferBytes: 1 << 50, memoryBytes: 1 << 50)
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        await onLoop(group.loops[0]) { loop in
            let watch = loop.watch()
            defer { loop.end(watch) }
            if pool.tryLease() != nil { Issue.record("there is no such memory") }
            let start = SystemClock.monotonicNanoseconds
            let stopping = Interruption(rawValue: 7)
            let (token, epoch) = (watch.token, watch.beginEpoch())
            loop.spawn { loop in
                let clock = loop.watch()
                defer { loop.end(clock) }
                try? await clock.pause(nanoseconds: 3 * ReactorLimits.leaseRetryNanoseconds)
                loop.interrupt(token, epoch: epoch, stopping)
            }
            do throws(Interruption) {
                pool.giveBack(try await pool.lease(watch))
            } catch {
                #expect(error == stopping)
            }
            #expect(SystemClock.monotonicNanoseconds - start >= 3 * ReactorLimits.leaseRetryNanoseconds)
        }
    }

    /// Buffers of a test.
    private final class Held: Sendable {
        private let buffers = Mutex<[Handover<AlignedBuffer>]>([])
        var count: Int { buffers.withLock { $0.count } }
        func put(_ buffer: consuming AlignedBuffer) {
            let carried = Handover(buffer)
            buffers.withLock { $0.append(carried) }
        }
        func take() -> AlignedBuffer? { buffers.withLock { $0.popLast() }?.take() }
    }
}
