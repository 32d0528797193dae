internal import IETFDialect
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Synchronization
internal import TLS
internal import TusDialect
internal import Uploads

/// What all connections of a server share. Immutable, or safe from any thread.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let store: LocalStore
    let log: ServerLog
    let page: UploadPage
    let admission: Admission
    /// What the IETF dialect is allowed.
    let ietfPolicy: IETFPolicy
    /// What is offered by tus.
    let tusOffer: TusOffer
    let loops: [EventLoop]
    /// One for each loop, by its index.
    let counters: [LoopCounters]
    let supervisor: Supervisor
    /// When the server began, in seconds since 1970-01-01 UTC.
    let startSeconds = SystemClock.wallNanoseconds / 1_000_000_000
    private let credentials: Credentials?
    private let stopping = Atomic<Bool>(false)
    private let rested = Atomic<Int>(0)
    private let acceptPauses = Atomic<Int64>(0)

    init(
        configuration: ServerConfiguration, store: LocalStore, log: ServerLog, page: UploadPage, loops: [EventLoop],
        credentials: Credentials?, supervisor: Supervisor
    ) {
        self.configuration = configuration
        self.store = store
        self.log = log
        self.page = page
        self.loops = loops
        self.credentials = credentials
        self.supervisor = supervisor
        counters = loops.map { _ in LoopCounters() }
        admission = Admission(configuration, log: log.logger)
        ietfPolicy = IETFPolicy(
            sizeMax: configuration.sizeMax, ageMaxSeconds: configuration.store.expiry.idleSeconds,
            sendsInterim: configuration.sendsInformational)
        tusOffer = TusOffer(
            sizeMax: configuration.sizeMax,
            algorithms: ChecksumAlgorithm.allCases.filter(\.computed.isAvailable), expiry: configuration.store.expiry)
    }

    /// Whether the server takes no more requests: those under way are brought to their end.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// How often a connection has come to rest, or to its end, and given up memory.
    var restedConnections: Int { rested.load(ordering: .relaxed) }

    func connectionRested() { rested.wrappingAdd(1, ordering: .relaxed) }

    /// What the next connection over TLS is served with; nil where there is none.
    var tls: TLSContext? { credentials?.current }

    /// Open connections that came in by listeners of one kind.
    func openCount(_ kind: ListenerKind) -> Int {
        let index = kind.rawValue
        return Int(counters.reduce(0) { $0 + $1.opened[index].count - $1.closed[index].count })
    }

    /// Accepting has come to a halt because something ran out.
    func countAcceptPause() { acceptPauses.add(1, ordering: .relaxed) }

    /// How often it has.
    var acceptPauseCount: Int64 { acceptPauses.load(ordering: .relaxed) }

    /// Seconds since 1970-01-01 UTC, by the clock that uploads expire by.
    var nowSeconds: Int64 { store.nowSeconds }

    /// Answers whether this was the first call.
    func beginStopping() -> Bool { !stopping.exchange(true, ordering: .relaxed) }
}
