internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import TLS
internal import Wire

/// One client's connection, from accept to close: reads heads, hands requests to the dispatcher one after the other,
/// and sees to it that the client can read the last answer. Confined to its loop.
///
/// It has one task at a time: from accept until it idles, and from then on one for each time that it wakes. In between
/// it waits without one, so that an idle connection costs what its encryption keeps and little more.
final class Connection: Parked {
    /// What the request that it is at is served with; before the first one, and while none is here, what was in force.
    private(set) var server: ServerContext
    let transport: Transport
    /// Memory for what comes in, shared by all loops.
    let buffers: BufferPool
    /// Memory for what is sent from the disk, likewise.
    let sendBuffers: BufferPool
    /// Its place among the connections that may be open; goes with this value.
    private let slot: ConnectionSlot
    /// The loop, for others to interrupt this connection through.
    let loop: EventLoop
    /// The peer's address without the port, for logs.
    let peer: String
    let listenerKind: ListenerKind
    /// The loop's.
    let counters: LoopCounters

    /// What the loop knows of credentials.
    let credentials: LoopCredentials

    /// Memory of the loop that is good for anything that ends before the next suspension.
    let scratch: UnsafeMutableRawBufferPointer

    private var input = ReadAhead()
    private var parser = RequestParser()
    private var hasServed = false
    /// Whether the loop counts it among those that wait for a request.
    private var isIdle = false
    /// When the wait for the next request has taken too long; SystemClock.monotonicNanoseconds.
    private var idleEnd: Int64 = 0

    private init(
        server: ServerContext, transport: Transport, buffers: BufferPool, loop: EventLoop, peer: String,
        listenerKind: ListenerKind, slot: consuming ConnectionSlot, credentials: LoopCredentials,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        self.credentials = credentials
        self.slot = slot
        self.server = server
        self.transport = transport
        self.buffers = buffers
        sendBuffers = loop.sendBuffers
        self.loop = loop
        self.peer = peer
        self.listenerKind = listenerKind
        counters = server.counters[loop.index]
        self.scratch = scratch
    }

    /// Serves a connection that was just accepted, until it idles or ends. Owns `descriptor`.
    static func serve(
        descriptor: Int32, peer: SocketAddress?, listener: BoundListener, slot: consuming ConnectionSlot,
        server: ServerContext, on loop: isolated EventLoop
    ) async {
        let socket = Socket(FileDescriptor(owning: descriptor))
        let listenerKind = listener.kind
        server.counters[loop.index].opened[listenerKind.rawValue].add(1)
        let tls = listenerKind == .https ? server.tls : nil
        guard let watch = try? loop.watch(descriptor) else { return leave(loop, listenerKind, server) }
        var client = peer
        if listener.takesProxyHeader {
            do throws(Unproxied) {
                client = try await proxied(socket, watch, peer, server)
            } catch {
                server.counters[loop.index].add(.failedHandshakes)
                server.log.unproxied(peer: peer, error)
                loop.end(watch, descriptor)
                return leave(loop, listenerKind, server)
            }
        }
        guard let transport = try? Transport(socket: socket, watch: watch, tls: tls) else {
            loop.end(watch, descriptor)
            return leave(loop, listenerKind, server)
        }
        let connection = Connection(
            server: server, transport: transport, buffers: loop.buffers, loop: loop,
            peer: client?.host ?? listener.nameOfPeers,
            listenerKind: listenerKind, slot: slot, credentials: loop.attached { LoopCredentials() },
            scratch: UnsafeMutableRawBufferPointer(start: loop.scratch.memory, count: loop.scratch.count))
        if await connection.handshake() { await connection.resume(on: loop) } else { connection.end(on: loop) }
    }

    /// Whose connection it is by the word of a trusted proxy.
    private static func proxied(
        _ socket: borrowing Socket, _ watch: Watch, _ peer: SocketAddress?, _ server: ServerContext
    ) async throws(Unproxied) -> SocketAddress? {
        let configuration = server.configuration
        guard let peer, ForwardedClient.isTrusted(peer.host, configuration.trustedProxies) else { throw .untrusted }
        watch.setDeadline(SystemClock.monotonicNanoseconds + configuration.handshakeNanoseconds)
        do throws(ProxyHeader.Failure) {
            switch try await ProxyHeader.take(from: socket, watch) {
            case .client(let client): return client
            case .own: return peer
            }
        } catch {
            throw .header(error)
        }
    }

    /// Serves requests until the connection idles or ends.
    func resume(on loop: isolated EventLoop) async {
        guard await serveRequests() else { return end(on: loop) }
        server.connectionRested()
        transport.watch.park(self)
    }

    private func end(on loop: isolated EventLoop) {
        countAsIdle(false)
        server.connectionRested()
        loop.end(transport.watch, transport.descriptor)
        Connection.leave(loop, listenerKind, server)
    }

    private static func leave(_ loop: isolated EventLoop, _ listenerKind: ListenerKind, _ server: ServerContext) {
        loop.load.removed()
        server.counters[loop.index].closed[listenerKind.rawValue].add(1)
    }

    private func handshake() async -> Bool {
        do throws(TransportError) {
            transport.watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.handshakeNanoseconds)
            try await shakeHands()
            if transport.wasResumed { counters.add(.resumedHandshakes) }
            beginIdling()
            return true
        } catch {
            counters.add(.failedHandshakes)
            server.log.handshakeFailed(peer: peer, error)
            return false
        }
    }

    private func shakeHands() async throws(TransportError) {
        while true {
            do throws(TransportError) {
                return try await transport.handshake()
            } catch {
                // Whoever has come before the stop is heard.
                guard case .interrupted(.stopping) = error else { throw error }
                hurry(nanoseconds: server.configuration.stopRequestNanoseconds)
            }
        }
    }

    /// Answers whether the connection is to wait for its next request; otherwise it has come to its end.
    private func serveRequests() async -> Bool {
        var sliceStart = SystemClock.monotonicNanoseconds
        while true {
            let exchange: Exchange
            do throws(HeadFailure) {
                switch try await nextHead() {
                case .notYet: return true
                case .gone: return await sayGoodbye()
                case .head(let head):
                    server = server.latest
                    exchange = Exchange(head: head, connection: self)
                }
            } catch {
                await answer(error)
                return false
            }
            await Dispatch.handle(exchange)
            guard await exchange.conclude() else { return false }
            hasServed = true
            // Requests that lie here already must not keep the loop from its other connections.
            if hasInput { await transport.watch.yield(after: &sliceStart) }
            beginIdling()
            // A new connection counts as busy until it has shown what it wants: two that come together part ways.
            countAsIdle(true)
        }
    }

    private func sayGoodbye() async -> Bool {
        await closeGently(draining: hasInput)
        return false
    }

    /// The server stops: what the task waits for must come within this time.
    private func hurry(nanoseconds: Int64) {
        transport.watch.clearInterruption()
        transport.watch.setDeadline(SystemClock.monotonicNanoseconds + nanoseconds)
    }

    /// Closes so that the client can read the last answer.
    func closeGently(draining: Bool) async {
        transport.watch.isSpared = true
        await transport.closeGently(
            draining: draining, scratch: scratch.baseAddress!, scratchBytes: scratch.count,
            nanoseconds: server.isStopping ? ServerLimits.stopClosingNanoseconds : WireLimits.drainClosingNanoseconds)
    }

    // MARK: Idling

    private func beginIdling() {
        transport.watch.clearInterruption()
        idleEnd = SystemClock.monotonicNanoseconds + server.configuration.idleNanoseconds
    }

    private func countAsIdle(_ isIdle: Bool) {
        if isIdle == self.isIdle { return }
        self.isIdle = isIdle
        if isIdle { loop.load.becameIdle() } else { loop.load.becameBusy() }
    }

    /// Whether, after a wait for a first byte was interrupted, the connection is to wait on without its task. Keeps
    /// nothing then but what the next request needs to be noticed.
    private func mayPark(after interruption: Interruption) -> Bool {
        guard interruption == .timedOut, !server.isStopping, SystemClock.monotonicNanoseconds < idleEnd else {
            return false
        }
        transport.watch.clearInterruption()
        transport.watch.setDeadline(idleEnd)
        parser = RequestParser()
        input.clear()
        countAsIdle(true)
        return true
    }

    // MARK: Heads

    private enum NextHead {
        case head(RequestHead)
        /// None within a while.
        case notYet
        /// The client has left, or idled too long, between requests.
        case gone
    }

    private enum HeadFailure: Error {
        case malformed(HTTPParseError)
        case transport(TransportError)
    }

    private func nextHead() async throws(HeadFailure) -> NextHead {
        transport.watch.isSpared = false
        transport.watch.setDeadline(min(SystemClock.monotonicNanoseconds + ServerLimits.parkNanoseconds, idleEnd))
        var isTiming = false
        var sliceStart = SystemClock.monotonicNanoseconds
        if server.isStopping { hurry(nanoseconds: hasServed ? 0 : server.configuration.stopRequestNanoseconds) }
        while true {
            if let head = try parseInput() {
                countAsIdle(false)
                return .head(head)
            }
            if !isTiming, !parser.isIdle {
                // The head's own clock starts with its first byte and no later byte stretches it.
                transport.watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.headNanoseconds)
                isTiming = true
            }
            do throws(TransportError) {
                guard try await readIntoInput() else { return .gone }
                if transport.mayRead { await transport.watch.yield(after: &sliceStart) }
            } catch {
                if case .interrupted(.stopping) = error {
                    // A connection that only waits has a last look for a request; what has begun may come to its end.
                    hurry(nanoseconds: hasServed && parser.isIdle ? 0 : server.configuration.stopRequestNanoseconds)
                    isTiming = true
                    continue
                }
                if parser.isIdle, case .interrupted(let reason) = error {
                    return mayPark(after: reason) ? .notYet : .gone
                }
                throw .transport(error)
            }
        }
    }

    private func parseInput() throws(HeadFailure) -> RequestHead? {
        guard hasInput else { return nil }
        do throws(HTTPParseError) {
            try input.feed(&parser)
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
                input.append(UnsafeRawBufferPointer(start: scratch.baseAddress!, count: count))
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
        counters.add(.malformedHeads)
        server.log.refusedHead(id: id, peer: peer, refusal)
        transport.watch.clearInterruption()
        transport.watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        var head = refusal.responseHead
        head.set("Connection", "close")
        head.set("X-Request-ID", id.description)
        let body = refusal.bodyBytes
        head.set("Content-Length", Int64(body.count))
        do throws(TransportError) {
            // No answer to a HEAD has content, this one neither (RFC 9110 9.3.2).
            try await transport.write(Exchange.serialized(head) + (parser.method == .head ? [] : body))
        } catch {
            return
        }
        await closeGently(draining: true)
    }

    // MARK: Bytes under the framing

    /// Whether bytes lie here that were read but not used.
    var hasInput: Bool { !input.isEmpty }

    /// Reads up to `count` bytes into `memory`: first what lies here, then from the transport. Never waits.
    func rawRead(into memory: UnsafeMutableRawPointer, count: Int) throws(BodyFailure) -> IOResult {
        if hasInput { return .bytes(input.move(to: memory, count: count)) }
        do throws(TransportError) {
            return try transport.readNow(into: memory, count: count)
        } catch {
            if case .truncated = error { return .endOfStream }
            throw .transport(error)
        }
    }

    /// Puts bytes back that turned out to belong to the next request.
    func putBack(_ bytes: UnsafeRawBufferPointer) { input.putBack(bytes) }
}
