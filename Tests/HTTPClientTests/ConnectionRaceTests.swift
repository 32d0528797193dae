import LinuxSystem
import Reactor
import Testing

@testable import HTTPClient

@Suite struct ConnectionRaceTests {
    /// An address at which nobody answers: its queue is full, so the kernel drops who comes.
    private final class Hole {
        let address: SocketAddress
        private let listener: Socket
        private let guests: [Int32]

        init(_ host: String) throws {
            let listener = try Socket.listening(on: SocketAddress(host: host, port: 0), backlog: 1)
            let address = try listener.localAddress()
            // More than the queue holds.
            guests = try (0..<4).map { _ in try Socket.connecting(to: address).release() }
            self.address = address
            self.listener = listener
        }

        deinit { for guest in guests { _ = FileDescriptor(owning: guest) } }
    }

    /// Runs a race and answers what it came to, the time it took in nanoseconds, and what is left in the loop.
    private func race(
        _ addresses: [SocketAddress], nanoseconds: Int64 = 3_000_000_000
    ) async throws -> (peer: Int32?, reason: String, nanoseconds: Int64, timers: Int) {
        let group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        return await withCheckedContinuation { continuation in
            group.loops[0].spawn { loop in
                let start = SystemClock.monotonicNanoseconds
                var (number, reason): (Int32?, String) = (nil, "")
                do throws(ExchangeFailure) {
                    number = try await ConnectionRace.run(addresses, nanoseconds: nanoseconds, for: "h", on: loop)
                } catch {
                    reason = error.description
                }
                let time = SystemClock.monotonicNanoseconds - start
                // The losers are interrupted; their turn comes before this task's next one.
                let watch = loop.watch()
                await watch.yield()
                await watch.yield()
                loop.end(watch)
                continuation.resume(returning: (number, reason, time, loop.timerCount))
            }
        }
    }

    @Test func `an address that does not answer costs a quarter of a second, not the whole patience`() async throws {
        let hole = try Hole("127.0.0.1")
        let listener = try Socket.listening(on: SocketAddress(host: "127.0.0.1", port: 0), backlog: 8)
        let result = try await race([hole.address, try listener.localAddress()])
        let number = try #require(result.peer)
        _ = FileDescriptor(owning: number)
        #expect(result.nanoseconds > 200_000_000)
        #expect(result.nanoseconds < 2_500_000_000)
        #expect(result.timers == 0)
    }

    @Test func `an address that refuses costs nothing`() async throws {
        let closed: SocketAddress
        do {
            let listener = try Socket.listening(on: SocketAddress(host: "127.0.0.1", port: 0), backlog: 8)
            closed = try listener.localAddress()
        }
        let listener = try Socket.listening(on: SocketAddress(host: "127.0.0.1", port: 0), backlog: 8)
        let result = try await race([closed, try listener.localAddress()])
        _ = FileDescriptor(owning: try #require(result.peer))
        #expect(result.nanoseconds < 240_000_000)
    }

    @Test func `when all refuse the reason is told`() async throws {
        let closed: SocketAddress
        do {
            let listener = try Socket.listening(on: SocketAddress(host: "127.0.0.1", port: 0), backlog: 8)
            closed = try listener.localAddress()
        }
        let result = try await race([closed, closed])
        #expect(result.peer == nil)
        #expect(result.reason == "cannot connect to h: Connection refused (127.0.0.1)")
    }

    @Test func `when none answers the race ends in time and leaves nothing behind`() async throws {
        let hole = try Hole("127.0.0.1")
        let result = try await race([hole.address, hole.address], nanoseconds: 600_000_000)
        #expect(result.reason == "cannot connect to h: no answer in time")
        #expect((500_000_000...2_000_000_000).contains(result.nanoseconds))
        #expect(result.timers == 0)
    }

    @Test func `families take turns, beginning with the one that the system prefers`() throws {
        let order = try ["::1", "::2", "::3", "10.0.0.1", "10.0.0.2"].map { try SocketAddress(host: $0, port: 1) }
        #expect(
            AddressOrder.interleaved(order).map(\.host) == ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"])
        #expect(AddressOrder.interleaved([]) == [])
    }
}
