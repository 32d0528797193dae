internal import HTTP
public import LinuxSystem
internal import Reactor
internal import Synchronization
internal import Wire

/// Asks a server's admin address, as the commands do that look after one.
public struct AdminCall: Sendable {
    /// Where that is.
    public enum Place: Sendable, CustomStringConvertible {
        case address(SocketAddress)
        case path(String)

        /// As people write it.
        public var description: String {
            switch self {
            case .address(let address): "\(address)"
            case .path(let path): "unix:\(path)"
            }
        }
    }

    /// Why there is no answer: a sentence.
    public struct Failure: Error, CustomStringConvertible {
        /// The sentence.
        public let description: String
    }

    /// What was answered before the content.
    public struct Head: Sendable {
        /// The verdict's number.
        public let status: Int
        /// A word for programs; nil for an answer that is no refusal.
        public let code: String?
    }

    private let place: Place
    private let token: String?
    private let stallNanoseconds: Int64

    /// - Parameters:
    ///   - token: of somebody with the scope `admin`, where the server asks for one.
    ///   - stallSeconds: how long the server may be silent.
    public init(_ place: Place, token: String?, stallSeconds: Int) {
        self.place = place
        self.token = token
        stallNanoseconds = Int64(stallSeconds) * 1_000_000_000
    }

    /// Blocks the calling thread until the answer has ended.
    ///
    /// - Parameters:
    ///   - fields: further ones; visible ASCII.
    ///   - content: told of each piece as it comes, on a thread of its own; answers whether to go on.
    public func run(
        _ method: String, _ target: String, fields: [(name: String, value: String)] = [],
        content: @escaping @Sendable (Head, [UInt8]) -> Bool
    ) throws(Failure) -> Head {
        let outcome = Outcome()
        let group: LoopGroup
        do throws(Errno) { group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20) } catch {
            throw Failure(description: "cannot start an event loop: \(error)")
        }
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: sluice\r\nConnection: close\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if method == "PUT" || method == "POST" { head += "Content-Length: 0\r\n" }
        let request = Array((head + "\r\n").utf8)
        group.loops[0].spawn { [self] loop in outcome.set(await exchange(request, content, on: loop)) }
        let result = outcome.wait()
        group.stop()
        return try result.get()
    }

    private var host: String {
        switch place {
        case .address(let address): "\(address)"
        case .path: "localhost"
        }
    }

    private func exchange(
        _ request: [UInt8], _ content: (Head, [UInt8]) -> Bool, on loop: isolated EventLoop
    ) async -> Result<Head, Failure> {
        do {
            let socket =
                switch place {
                case .address(let address): try Socket.connecting(to: address)
                case .path(let path): try UnixSocket.connecting(to: path)
                }
            let number = socket.descriptor.rawValue
            let watch = try loop.watch(number)
            defer { loop.end(watch, number) }
            watch.setDeadline(SystemClock.monotonicNanoseconds + stallNanoseconds)
            watch.exhaustedWriting()
            try await watch.untilWritable()
            if let error = socket.pendingError() { return .failure(Failure(description: "\(place): \(error)")) }
            let transport = try Transport(socket: socket, watch: watch, client: nil, serverName: "")
            try await transport.write(request)
            return try await answer(transport, content, on: loop)
        } catch is Interruption {
            return .failure(Failure(description: "\(place): no answer in time"))
        } catch TransportError.interrupted {
            return .failure(Failure(description: "\(place): no answer in time"))
        } catch {
            return .failure(Failure(description: "\(place): \(error)"))
        }
    }

    private func answer(
        _ transport: Transport, _ content: (Head, [UInt8]) -> Bool, on loop: isolated EventLoop
    ) async throws -> Result<Head, Failure> {
        var parser = ResponseParser()
        var head: Head?
        while true {
            transport.watch.setDeadline(SystemClock.monotonicNanoseconds + stallNanoseconds)
            switch try transport.readNow(into: loop.scratch.memory, count: loop.scratch.count) {
            case .wouldBlock: try await transport.untilReadable()
            case .endOfStream:
                guard let head else {
                    return .failure(Failure(description: "\(place): the server closed without an answer"))
                }
                return .success(head)
            case .bytes(let count):
                var bytes = Array(UnsafeRawBufferPointer(start: loop.scratch.memory, count: count))
                if head == nil {
                    let eaten = try parser.consume(bytes.span)
                    guard let response = parser.takeResponse() else { continue }
                    head = Head(
                        status: response.status.code, code: response.fields.text(FieldName("x-error-code")))
                    bytes.removeFirst(eaten)
                }
                if let head, !bytes.isEmpty, !content(head, bytes) { return .success(head) }
            }
        }
    }

    /// What came of it, handed from the loop to the thread that waits.
    private final class Outcome: Sendable {
        private let result = Mutex<Result<Head, Failure>?>(nil)
        private let isSet = Atomic<UInt32>(0)

        func set(_ value: Result<Head, Failure>) {
            result.withLock { $0 = value }
            isSet.store(1, ordering: .releasing)
            Futex.wake(isSet, count: 1)
        }

        func wait() -> Result<Head, Failure> {
            while true {
                if isSet.load(ordering: .acquiring) == 1, let result = result.withLock({ $0 }) { return result }
                Futex.wait(isSet, while: 0)
            }
        }
    }
}
