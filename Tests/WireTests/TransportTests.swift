import LinuxSystem
import Reactor
import TestSupport
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct TransportTests {
    @Test func `behind a message that was interrupted in the middle nothing is written`() async throws {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let (left, right) = try Socket.pair()
        let peer = Socket(FileDescriptor(owning: right))
        let isTaken = await withCheckedContinuation { continuation in
            group.loops[0].spawn { loop in
                let watch = try! loop.watch(left)
                let transport = try! Transport(
                    socket: Socket(FileDescriptor(owning: left)), watch: watch, tls: nil)
                defer { loop.end(watch, left) }
                watch.setDeadline(SystemClock.monotonicNanoseconds + 20_000_000)
                // More than the system keeps for a peer that reads nothing.
                try? await transport.write([UInt8](repeating: 1, count: 16 << 20))
                watch.clearInterruption()
                // Now there is room for it.
                let scratch = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 1)
                while case .bytes? = try? peer.receive(into: scratch, count: 1 << 20) {}
                scratch.deallocate()
                do {
                    try await transport.write([2])
                    continuation.resume(returning: true)
                } catch {
                    continuation.resume(returning: false)
                }
            }
        }
        #expect(!isTaken)
    }
}
