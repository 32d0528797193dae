internal import HTTP
internal import LinuxSystem
internal import Logging
internal import Synchronization

/// Who may open one more connection. Decided right after accept, before anything is spent on it: no task, no TLS
/// handshake, no memory that outlives the answer. Used by all loops.
final class Admission: Sendable {
    private struct State {
        var open = 0
        /// Those of the admin address, which are not among the others.
        var openAdmin = 0
        var rules: Rules
        var perNetwork: [ClientNetwork: Int] = [:]
        var refusedLine = PacedLine(periodNanoseconds: ServerLimits.refusalLogNanoseconds)
        var unproxiedLine = PacedLine(periodNanoseconds: ServerLimits.unproxiedLogNanoseconds)

        /// Counts a connection for an address. Answers why not, where there is no room.
        mutating func count(_ network: ClientNetwork?) -> String? {
            guard let network else { return nil }
            let count = perNetwork[network, default: 0]
            guard count < rules.perNetworkMax else { return "\(count) connections of one address are open" }
            perNetwork[network] = count + 1
            return nil
        }

        mutating func uncount(_ network: ClientNetwork?) {
            guard let network, let count = perNetwork[network] else { return }
            perNetwork[network] = count > 1 ? count - 1 : nil
        }
    }

    /// A line in the log that stands for many events.
    private struct PacedLine {
        let periodNanoseconds: Int64
        private var count = 0
        private var next = Int64.min

        init(periodNanoseconds: Int64) { self.periodNanoseconds = periodNanoseconds }

        /// Counts an event. Answers how many there have been since the last line where the next may follow.
        mutating func countIfDue(_ now: Int64) -> Int? {
            count += 1
            guard now >= next else { return nil }
            next = now + periodNanoseconds
            defer { count = 0 }
            return count
        }
    }

    private struct Rules {
        let connectionsMax: Int
        let perNetworkMax: Int
        /// Whether this machine's own programs are bounded like anybody else.
        let boundsLoopback: Bool
        /// Proxies bring everybody's connections; how many each client gets is theirs to say.
        let trusted: [NetworkPrefix]
        let answerFields: AnswerFields

        init(_ configuration: ServerConfiguration) {
            connectionsMax = configuration.connectionsMax
            let told = configuration.connectionsPerAddressMax
            perNetworkMax = told ?? max(1, configuration.connectionsMax / ServerLimits.connectionsShareOfAddress)
            boundsLoopback = told != nil
            trusted = configuration.trustedProxies
            answerFields = AnswerFields(configuration)
        }

        /// What a connection is counted for besides the total; nil for nothing.
        func bounded(_ peer: SocketAddress?) -> ClientNetwork? {
            guard perNetworkMax > 0, let peer, boundsLoopback || !peer.isLoopback,
                !trusted.contains(where: { $0.contains(peer.host) })
            else { return nil }
            return ClientNetwork(peer)
        }
    }

    private let log: Logger
    private let state: Mutex<State>
    private let refusals = Atomic<Int64>(0)

    init(_ configuration: ServerConfiguration, log: Logger) {
        state = Mutex(State(rules: Rules(configuration)))
        self.log = log
    }

    /// Decides by another configuration from now on; who is in stays in.
    func adopt(_ configuration: ServerConfiguration) {
        state.withLock { $0.rules = Rules(configuration) }
    }

    /// The place of a new connection, which counts for as long as it is held. Where there is no room for it, says so on
    /// it and answers nil; the caller closes it.
    ///
    /// Who looks after the server gets in when it is full.
    ///
    /// - Parameter listenerKind: what the listener is for. Where a TLS handshake would come first, the client is reset:
    ///   nothing that it would understand can be said without one.
    func admits(_ socket: borrowing Socket, _ peer: SocketAddress?, by listenerKind: ListenerKind) -> ConnectionSlot? {
        var network: ClientNetwork?
        let reason: String? = state.withLock { state in
            if listenerKind == .admin {
                guard state.openAdmin < ServerLimits.adminConnectionsMax else {
                    return "\(state.openAdmin) admin connections are open"
                }
                state.openAdmin += 1
                return nil
            }
            let connectionsMax = state.rules.connectionsMax
            guard state.open < connectionsMax else { return "\(connectionsMax) connections are open" }
            network = state.rules.bounded(peer)
            if let reason = state.count(network) { return reason }
            state.open += 1
            return nil
        }
        guard let reason else { return ConnectionSlot(self, listenerKind, network) }
        turnAway(socket, peer, listenerKind, reason)
        return nil
    }

    /// For the slot alone: a proxy has said whose connection it is. Answers whether there is room for one more of that
    /// client, and what it is counted for from now on.
    func moves(
        from network: ClientNetwork?, to client: SocketAddress?, _ listenerKind: ListenerKind,
        _ socket: borrowing Socket
    ) -> (isAdmitted: Bool, network: ClientNetwork?) {
        let (reason, next): (String?, ClientNetwork?) = state.withLock { state in
            state.uncount(network)
            let next = state.rules.bounded(client)
            let reason = state.count(next)
            return (reason, reason == nil ? next : nil)
        }
        if let reason { turnAway(socket, client, listenerKind, reason) }
        return (reason == nil, next)
    }

    private func turnAway(
        _ socket: borrowing Socket, _ peer: SocketAddress?, _ listenerKind: ListenerKind, _ reason: String
    ) {
        refusals.add(1, ordering: .relaxed)
        note(reason, peer)
        if listenerKind == .https { socket.resetOnClose() } else { refuse(socket, listenerKind) }
    }

    /// The place of one more stream of a connection that is open: it takes a task and a file like a connection, so it
    /// counts like one. Nil where there is no room.
    func admitsStream(_ listenerKind: ListenerKind, _ network: ClientNetwork?) -> ConnectionSlot? {
        let isAdmitted = state.withLock { state in
            guard state.open < state.rules.connectionsMax else { return false }
            if let network {
                let count = state.perNetwork[network, default: 0]
                // The connection may be older than the rules, which bound nobody by 0.
                guard state.rules.perNetworkMax == 0 || count < state.rules.perNetworkMax else { return false }
                state.perNetwork[network] = count + 1
            }
            state.open += 1
            return true
        }
        return isAdmitted ? ConnectionSlot(self, listenerKind, network) : nil
    }

    /// How many connections were turned away.
    var refusalCount: Int64 { refusals.load(ordering: .relaxed) }

    /// For the slot alone: it has been let go of.
    func left(_ listenerKind: ListenerKind, _ network: ClientNetwork?) {
        state.withLock { state in
            if listenerKind == .admin {
                state.openAdmin -= 1
                return
            }
            state.open -= 1
            state.uncount(network)
        }
    }

    /// Writes down that clients are turned away: one line for many.
    private func note(_ reason: String, _ peer: SocketAddress?) {
        let now = SystemClock.monotonicNanoseconds
        guard let count = state.withLock({ $0.refusedLine.countIfDue(now) }) else { return }
        log.warning(
            "connections are refused",
            metadata: ["reason": "\(reason)", "peer": "\(peer?.host ?? "unknown")", "count": "\(count)"])
    }

    /// Writes down that connections are closed that came to a listener for proxies: one line for many.
    func noteUnproxied(_ reason: String, _ peer: SocketAddress?) {
        let now = SystemClock.monotonicNanoseconds
        guard let count = state.withLock({ $0.unproxiedLine.countIfDue(now) }) else { return }
        log.info(
            "connection closed",
            metadata: ["reason": "\(reason)", "peer": "\(peer?.host ?? "unknown")", "count": "\(count)"])
    }

    /// Says what there is to say and leaves the rest to the kernel: a client that talks on meanwhile may find a reset
    /// before it has read this, but nothing here waits for anybody.
    private func refuse(_ socket: borrowing Socket, _ listenerKind: ListenerKind) {
        let (refusal, body) = (Admission.refusal, Admission.refusal.bodyBytes)
        var head = AnswerHead(
            refusal.responseHead, id: RequestID.next().description, contentLength: Int64(body.count),
            state.withLock { $0.rules.answerFields }, by: listenerKind)
        head.setConnection("close")
        (head.bytes + body).withUnsafeBytes { _ = try? socket.send(from: $0.baseAddress!, count: $0.count) }
        socket.shutdownWriting()
    }

    private static let refusal = Refusal(
        .serviceUnavailable, code: "too-many-connections", "Too many connections are open; try again later.",
        fields: [("Retry-After", "\(ServerLimits.retryAfterRefusalSeconds)")])
}
