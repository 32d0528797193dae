internal import LinuxSystem
internal import Reactor
internal import TLS
internal import Wire

/// A client's connection from accept to where it is known what it speaks.
enum Connection {
    /// Serves a connection that was just accepted, until it idles or ends. Owns `descriptor`.
    static func serve(
        descriptor: Int32, peer: SocketAddress?, listener: BoundListener, slot: consuming ConnectionSlot,
        server: ServerContext, on loop: isolated EventLoop
    ) async {
        let socket = Socket(FileDescriptor(owning: descriptor))
        let listenerKind = listener.kind
        server.counters[loop.index].opened[listenerKind.rawValue].add(1)
        let tls = listenerKind == .https ? server.tls : nil
        guard let watch = try? loop.watch(descriptor) else {
            return ConnectionContext.leave(loop, listenerKind, server)
        }
        var (client, isKnown) = (peer, true)
        if listener.takesProxyHeader {
            do throws(Unproxied) {
                if let told = try await proxied(socket, watch, peer, server) { client = told } else { isKnown = false }
                guard !isKnown || slot.belongs(to: client, socket) else { throw .full }
            } catch {
                server.counters[loop.index].add(.failedHandshakes)
                if let reason = error.reason { server.admission.noteUnproxied(reason, peer) }
                loop.end(watch)
                return ConnectionContext.leave(loop, listenerKind, server)
            }
        }
        guard let transport = try? Transport(socket: socket, watch: watch, tls: tls) else {
            loop.end(watch)
            return ConnectionContext.leave(loop, listenerKind, server)
        }
        let context = ConnectionContext(
            server: server, loop: loop, peer: client?.host ?? listener.nameOfPeers, isPeerKnown: isKnown,
            listenerKind: listenerKind, slot: slot, credentials: loop.attached { LoopCredentials() },
            scratch: UnsafeMutableRawBufferPointer(start: loop.scratch.memory, count: loop.scratch.count))
        guard await handshake(transport, context) else {
            return context.end(watch, on: loop)
        }
        guard transport.applicationProtocol == "h2" else {
            return await HTTP1Connection(context, transport).resume(on: loop)
        }
        guard let connection = HTTP2Connection(context, transport, read: []) else {
            return context.end(watch, on: loop)
        }
        await connection.resume(on: loop)
    }

    /// Whose connection it is by the word of a trusted proxy; nil where that speaks for itself, or cannot tell.
    private static func proxied(
        _ socket: borrowing Socket, _ watch: Watch, _ peer: SocketAddress?, _ server: ServerContext
    ) async throws(Unproxied) -> SocketAddress? {
        let configuration = server.configuration
        guard let peer, ForwardedClient.isTrusted(peer.host, configuration.trustedProxies) else { throw .untrusted }
        watch.setDeadline(SystemClock.monotonicNanoseconds + configuration.handshakeNanoseconds)
        while true {
            do throws(ProxyHeader.Failure) {
                switch try await ProxyHeader.take(from: socket, watch) {
                case .client(let client): return client
                case .own: return nil
                }
            } catch {
                guard case .transport(.interrupted(.stopping)) = error else { throw .header(error) }
                hurry(watch, server)
            }
        }
    }

    /// Whoever has come before the stop is heard, for as long as a request may take to come then.
    private static func hurry(_ watch: Watch, _ server: ServerContext) {
        watch.clearInterruption()
        watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.stopRequestNanoseconds)
    }

    private static func handshake(_ transport: Transport, _ context: ConnectionContext) async -> Bool {
        let server = context.server
        do throws(TransportError) {
            transport.watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.handshakeNanoseconds)
            // A stop that was heard before is not told of again.
            if server.isStopping { hurry(transport.watch, server) }
            try await shakeHands(transport, server)
            context.clientCertificate = transport.clientCertificate
            if transport.wasResumed { context.counters.add(.resumedHandshakes) }
            return true
        } catch {
            context.counters.add(.failedHandshakes)
            server.log.handshakeFailed(peer: context.peer, error)
            return false
        }
    }

    private static func shakeHands(_ transport: Transport, _ server: ServerContext) async throws(TransportError) {
        while true {
            do throws(TransportError) {
                return try await transport.handshake()
            } catch {
                guard case .interrupted(.stopping) = error else { throw error }
                hurry(transport.watch, server)
            }
        }
    }
}
