internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import TLS

/// What is true of one client's connection whatever it speaks, for its requests to look at. Confined to its loop.
final class ConnectionContext {
    /// What the request that came last is served with; before the first one, what was in force when it was accepted.
    private(set) var server: ServerContext
    /// The loop, for others to interrupt requests through.
    let loop: EventLoop
    /// The peer's address without the port, for logs.
    let peer: String
    /// Whether it is known who that is. Where a PROXY header says that the proxy speaks for itself, or cannot tell,
    /// what the connection says of others is its client's own word, whatever address it comes from.
    let isPeerKnown: Bool
    let listenerKind: ListenerKind
    /// The loop's.
    let counters: LoopCounters
    /// Who the client is by its certificate, once the handshake is over; nil where it has shown none.
    var clientCertificate: ClientCertificate?
    /// What the loop knows of credentials.
    let credentials: LoopCredentials
    /// Memory for what comes in, shared by all loops.
    let buffers: BufferPool
    /// Memory for what is sent from the disk, likewise.
    let sendBuffers: BufferPool
    /// Memory of the loop that is good for anything that ends before the next suspension.
    let scratch: UnsafeMutableRawBufferPointer
    /// The connection's place among those that may be open; goes with this value.
    private let slot: ConnectionSlot
    /// Whether the loop counts it among those that wait for a request.
    private var isIdle = false

    init(
        server: ServerContext, loop: EventLoop, peer: String, isPeerKnown: Bool, listenerKind: ListenerKind,
        slot: consuming ConnectionSlot, credentials: LoopCredentials, scratch: UnsafeMutableRawBufferPointer
    ) {
        self.slot = slot
        self.credentials = credentials
        self.server = server
        self.loop = loop
        self.peer = peer
        self.isPeerKnown = isPeerKnown
        self.listenerKind = listenerKind
        counters = server.counters[loop.index]
        buffers = loop.buffers
        sendBuffers = loop.sendBuffers
        self.scratch = scratch
    }

    /// Whether it comes from a proxy that is trusted with what it says of its clients.
    var isFromTrustedProxy: Bool {
        isPeerKnown && ForwardedClient.isTrusted(peer, server.configuration.trustedProxies)
    }

    /// A request has come: it is served with what is in force now.
    func beginRequest() { server = server.latest }

    /// What is answered where no request could be read; counts that, and writes it down.
    func answer(toUnread refusal: Refusal) -> (head: AnswerHead, body: [UInt8]) {
        let (id, body) = (RequestID.next(), refusal.bodyBytes)
        counters.add(.malformedHeads)
        server.log.refusedHead(id: id, peer: peer, refusal)
        let head = AnswerHead(
            refusal.responseHead, id: id.description, contentLength: Int64(body.count), server.answerFields,
            by: listenerKind)
        return (head, body)
    }

    /// Tells the loop whether the connection waits for a request, for placing new ones.
    func countAsIdle(_ isIdle: Bool) {
        if isIdle == self.isIdle { return }
        self.isIdle = isIdle
        if isIdle { loop.load.becameIdle() } else { loop.load.becameBusy() }
    }

    /// A place for one more stream, which takes as much as a connection does; nil where there is no room.
    func slotOfStream() -> ConnectionSlot? { slot.another() }

    /// The connection is over; its descriptor is closed by whoever owns it, right afterwards.
    func end(_ watch: Watch, on loop: isolated EventLoop) {
        countAsIdle(false)
        server.connectionRested()
        loop.end(watch)
        ConnectionContext.leave(loop, listenerKind, server)
    }

    /// One connection fewer.
    static func leave(_ loop: isolated EventLoop, _ listenerKind: ListenerKind, _ server: ServerContext) {
        loop.load.removed()
        server.counters[loop.index].closed[listenerKind.rawValue].add(1)
    }
}
