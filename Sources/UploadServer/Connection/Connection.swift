internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import TLS
internal import Wire

/// One client's connection, from accept to close: reads heads, hands requests to the dispatcher one after the other,
/// and sees to it that the client can read the last answer. Confined to its loop; its one task is `serve`.
final class Connection {
    let server: ServerContext
    let transport: Transport
    /// The loop's ingest buffers.
    let buffers: BufferPool
    /// The loop, for others to interrupt this connection through.
    let loop: EventLoop
    /// The peer's address without the port, for logs.
    let peer: String

    /// Memory of the loop that is good for anything that ends before the next suspension.
    let scratch: UnsafeMutableRawBufferPointer

    /// Bytes that arrived with the head before them: a body's beginning, or the next request.
    private var input: [UInt8] = []
    private var inputStart = 0
    private var parser = RequestParser()
    private var hasServed = false

    private init(
        server: ServerContext, transport: Transport, buffers: BufferPool, loop: EventLoop, peer: String,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        self.server = server
        self.transport = transport
        self.buffers = buffers
        self.loop = loop
        self.peer = peer
        self.scratch = scratch
    }

    /// Serves a connection that was just accepted, until its end. Owns `descriptor`.
    static func serve(
        descriptor: Int32, peer: SocketAddress?, tls: TLSContext?, server: ServerContext, on loop: isolated EventLoop
    ) async {
        let socket = Socket(FileDescriptor(owning: descriptor))
        defer { loop.load.removed() }
        guard let watch = try? loop.watch(descriptor) else { return }
        guard let transport = try? Transport(socket: socket, watch: watch, tls: tls) else { return loop.end(watch) }
        let connection = Connection(
            server: server, transport: transport, buffers: loop.buffers, loop: loop, peer: peer?.host ?? "unknown",
            scratch: UnsafeMutableRawBufferPointer(start: loop.scratch.memory, count: loop.scratch.count))
        await connection.run()
        loop.end(watch, descriptor)
    }

    private func run() async {
        do throws(TransportError) {
            transport.watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.handshakeNanoseconds)
            try await transport.handshake()
        } catch {
            server.log.handshakeFailed(peer: peer, error)
            return
        }
        while !server.isStopping {
            let exchange: Exchange
            do throws(HeadFailure) {
                guard let head = try await nextHead() else { break }
                exchange = Exchange(head: head, connection: self)
            } catch {
                await answer(error)
                return
            }
            await Dispatch.handle(exchange)
            guard await exchange.conclude() else { return }
        }
        await transport.closeGently(draining: hasInput, scratch: scratch.baseAddress!, scratchBytes: scratch.count)
    }

    // MARK: Heads

    private enum HeadFailure: Error {
        case malformed(HTTPParseError)
        case transport(TransportError)
    }

    /// The next request's head; nil when the client has gone, or idled too long, between requests.
    private func nextHead() async throws(HeadFailure) -> RequestHead? {
        // A new connection counts as busy until it has shown what it wants: two that come together part ways.
        let isIdle = hasServed
        if isIdle { loop.load.becameIdle() }
        defer { if isIdle { loop.load.becameBusy() } }
        hasServed = true
        transport.watch.clearInterruption()
        transport.watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.idleNanoseconds)
        var isTiming = false
        while true {
            if let head = try parseInput() { return head }
            if !isTiming, !parser.isIdle {
                // The head's own clock starts with its first byte and no later byte stretches it.
                transport.watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.headNanoseconds)
                isTiming = true
            }
            do throws(TransportError) {
                guard try await readIntoInput() else { return nil }
            } catch {
                if parser.isIdle, case .interrupted = error { return nil }
                throw .transport(error)
            }
        }
    }

    private func parseInput() throws(HeadFailure) -> RequestHead? {
        guard hasInput else { return nil }
        do throws(HTTPParseError) {
            let consumed = try input.withUnsafeBufferPointer { (bytes) throws(HTTPParseError) in
                try parser.consume(UnsafeBufferPointer(rebasing: bytes[inputStart...]).span)
            }
            advanceInput(by: consumed)
            return parser.takeHead()
        } catch {
            throw .malformed(error)
        }
    }

    /// Waits for bytes. Answers false at the end of the stream.
    private func readIntoInput() async throws(TransportError) -> Bool {
        while true {
            switch try transport.readNow(into: scratch.baseAddress!, count: ServerLimits.headReadBytes) {
            case .bytes(let count):
                input.append(contentsOf: UnsafeRawBufferPointer(start: scratch.baseAddress!, count: count))
                return true
            case .endOfStream: return false
            case .wouldBlock: try await transport.untilReadable()
            }
        }
    }

    /// Answers what could not be read as a request, and closes.
    private func answer(_ failure: HeadFailure) async {
        let refusal: Refusal
        switch failure {
        case .malformed(let error):
            refusal = Refusal(error)
        case .transport(.interrupted(.timedOut)):
            refusal = Refusal(.requestTimeout, code: "head-timeout", "The request head took too long.")
        case .transport:
            return
        }
        let id = RequestID.next()
        server.log.refusedHead(id: id, peer: peer, refusal)
        transport.watch.clearInterruption()
        transport.watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        var head = refusal.responseHead
        head.set("Connection", "close")
        head.set("X-Request-ID", id.description)
        let body = refusal.bodyBytes
        head.set("Content-Length", Int64(body.count))
        do throws(TransportError) {
            try await transport.write(Exchange.serialized(head) + body)
        } catch {
            return
        }
        await transport.closeGently(draining: true, scratch: scratch.baseAddress!, scratchBytes: scratch.count)
    }

    // MARK: Bytes under the framing

    /// Whether bytes lie here that were read but not used.
    var hasInput: Bool { inputStart < input.count }

    /// Reads up to `count` bytes into `memory`: first what lies here, then from the transport. Never waits.
    func rawRead(into memory: UnsafeMutableRawPointer, count: Int) throws(BodyFailure) -> IOResult {
        if hasInput {
            let moved = min(count, input.count - inputStart)
            input.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress! + inputStart, byteCount: moved) }
            advanceInput(by: moved)
            return .bytes(moved)
        }
        do throws(TransportError) {
            return try transport.readNow(into: memory, count: count)
        } catch {
            if case .truncated = error { return .endOfStream }
            throw .transport(error)
        }
    }

    /// Puts bytes back that turned out to belong to the next request.
    func putBack(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        input = Array(bytes) + input[inputStart...]
        inputStart = 0
    }

    private func advanceInput(by count: Int) {
        inputStart += count
        if inputStart == input.count {
            inputStart = 0
            // An idle connection keeps no memory for a body that happened to start in its head's packet.
            if input.capacity > 4096 { input = [] } else { input.removeAll(keepingCapacity: true) }
        }
    }
}
