public import LinuxSystem
internal import Reactor
internal import Synchronization
internal import TLS
internal import Wire

/// Asks a server on this machine for `/healthz`, as a container's health check does.
public enum HealthProbe {
    /// Blocks the calling thread until there is an answer or the time is over.
    public static func ask(
        _ address: SocketAddress, tls: Bool, timeoutSeconds: Int
    ) -> (isHealthy: Bool, text: String) {
        let outcome = Outcome()
        guard let group = try? LoopGroup(count: 1, bufferMemoryBytes: 4 << 20) else {
            return (false, "cannot start an event loop")
        }
        group.loops[0].spawn { loop in
            let deadline = SystemClock.monotonicNanoseconds + Int64(timeoutSeconds) * 1_000_000_000
            outcome.set(await exchange(address, tls, deadline, on: loop))
        }
        let text = outcome.wait()
        group.stop()
        return (text == "ok", text)
    }

    private static func exchange(
        _ address: SocketAddress, _ tls: Bool, _ deadline: Int64, on loop: isolated EventLoop
    ) async -> String {
        do {
            let socket = try Socket.connecting(to: address)
            let number = socket.descriptor.rawValue
            let watch = try loop.watch(number)
            defer { loop.end(watch, number) }
            watch.setDeadline(deadline)
            watch.exhaustedWriting()
            try await watch.untilWritable()
            if let error = socket.pendingError() { return "\(address): \(error)" }
            let context = tls ? try TLSContext.client(trust: .none, applicationProtocols: ["http/1.1"]) : nil
            let transport = try Transport(socket: socket, watch: watch, client: context, serverName: address.host)
            try await transport.handshake()
            try await transport.write(
                Array("GET /healthz HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n".utf8))
            var line: [UInt8] = []
            while !line.contains(UInt8(ascii: "\r")), line.count < 1024 {
                switch try transport.readNow(into: loop.scratch.memory, count: 512) {
                case .bytes(let count): line += UnsafeRawBufferPointer(start: loop.scratch.memory, count: count)
                case .wouldBlock: try await transport.untilReadable()
                case .endOfStream: return "\(address): the server closed without an answer"
                }
            }
            let status = String(decoding: line.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            return status.utf8.starts(with: "HTTP/1.1 200 ".utf8) ? "ok" : "\(address): \(status)"
        } catch {
            return "\(address): \(error)"
        }
    }

    /// One text, handed from the loop to the thread that waits for it.
    private final class Outcome: Sendable {
        private let text = Mutex("")
        private let isSet = Atomic<UInt32>(0)

        func set(_ value: String) {
            text.withLock { $0 = value }
            isSet.store(1, ordering: .releasing)
            Futex.wake(isSet, count: 1)
        }

        func wait() -> String {
            while isSet.load(ordering: .acquiring) == 0 { Futex.wait(isSet, while: 0) }
            return text.withLock { $0 }
        }
    }
}
