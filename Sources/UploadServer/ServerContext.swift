internal import Events
internal import IETFDialect
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Synchronization
internal import TLS
internal import TusDialect
internal import Uploads

/// What a request is served with: all that connections share, under one configuration. Immutable, or safe from any
/// thread.
///
/// A new configuration is a new context, which shares the rest with the one before (`Reloader`). A connection asks for
/// the latest one before each request, which keeps it to its end: so it sees one configuration as a whole, at the price
/// of a comparison.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let store: LocalStore
    /// Nil where nobody is told of events.
    let deliverer: EventDeliverer?
    /// Brings finished files to where they are promised; nil where they stay.
    let carrying: EventDeliverer?
    let log: ServerLog
    let page: EmbeddedPage
    /// The page of who looks after the server.
    let adminPage: EmbeddedPage
    let admission: Admission
    /// Bytes that streams of HTTP/2 wait to have taken.
    let heldBytes: HeldMemory
    /// What every answer says.
    let answerFields: AnswerFields
    /// What the IETF dialect is allowed.
    let ietfPolicy: IETFPolicy
    /// What is offered by tus.
    let tusOffer: TusOffer
    let loops: [EventLoop]
    /// One for each loop, by its index.
    let counters: [LoopCounters]
    let supervisor: Supervisor
    let rates: FlowRates
    /// Whom to ask about credentials that nobody here knows; nil for nobody.
    let authority: AuthorityDesk?
    /// Who is asked about uploads.
    let questions: QuestionDesks
    /// Who reads published keys.
    let keepers: [KeyKeeper]
    /// How often keys were read.
    var keyCounts: KeyCounts { state.keyCounts }
    /// How that goes.
    var authorityHealth: ApplicationHealth { state.authorityHealth }
    /// How it goes with questions about uploads.
    func health(_ kind: Question.Kind) -> ApplicationHealth { state.health(kind) }
    /// For files that wait for the ends of their forms.
    var formPlaces: FormPlaces { state.formPlaces }
    /// What went on in the last hour.
    var traffic: TrafficHistory { state.traffic }
    /// When the server began, in seconds since 1970-01-01 UTC.
    let startSeconds: Int64
    /// How many contexts came before this one.
    let generation: Int
    private let state: ServerState

    init(
        configuration: ServerConfiguration, store: LocalStore, deliverer: EventDeliverer?,
        carrying: EventDeliverer? = nil, log: ServerLog, loops: [EventLoop], supervisor: Supervisor, state: ServerState,
        authority: AuthorityDesk? = nil, questions: QuestionDesks = .none, keepers: [KeyKeeper] = []
    ) {
        self.authority = authority
        self.questions = questions
        self.keepers = keepers
        self.configuration = configuration
        self.store = store
        self.deliverer = deliverer
        self.carrying = carrying
        self.log = log
        page = .upload(collection: configuration.basePath.name)
        adminPage = .admin()
        self.loops = loops
        self.supervisor = supervisor
        self.state = state
        rates = FlowRates()
        counters = loops.map { _ in LoopCounters() }
        admission = Admission(configuration, log: log.logger)
        heldBytes = HeldMemory(bytesMax: configuration.streamMemoryBytes)
        answerFields = AnswerFields(configuration)
        ietfPolicy = IETFPolicy(configuration)
        tusOffer = TusOffer(configuration)
        startSeconds = SystemClock.wallNanoseconds / 1_000_000_000
        generation = 0
    }

    /// The same server under another configuration.
    init(
        _ old: ServerContext, configuration: ServerConfiguration, authority: AuthorityDesk?, questions: QuestionDesks,
        keepers: [KeyKeeper]
    ) {
        self.authority = authority
        self.questions = questions
        self.keepers = keepers
        self.configuration = configuration
        store = old.store
        deliverer = old.deliverer
        carrying = old.carrying
        log = old.log
        page = old.page
        adminPage = old.adminPage
        loops = old.loops
        supervisor = old.supervisor
        rates = old.rates
        state = old.state
        counters = old.counters
        admission = old.admission
        heldBytes = old.heldBytes
        answerFields = AnswerFields(configuration)
        ietfPolicy = IETFPolicy(configuration)
        tusOffer = TusOffer(configuration)
        startSeconds = old.startSeconds
        generation = old.generation + 1
    }

    /// What the next request is served with: mostly this one. From any thread.
    var latest: ServerContext {
        state.generation.load(ordering: .acquiring) == generation ? self : state.current ?? self
    }

    /// Whether the server takes no more requests: those under way are brought to their end.
    var isStopping: Bool { state.stopping.load(ordering: .relaxed) }

    /// How often a connection has come to rest, or to its end, and given up memory.
    var restedConnections: Int { state.rested.load(ordering: .relaxed) }

    func connectionRested() { state.rested.wrappingAdd(1, ordering: .relaxed) }

    /// What the next connection over TLS is served with; nil where there is none.
    var tls: TLSContext? { state.credentials?.current }

    /// The port of the first listener for TLS; nil where there is none.
    var portTLS: UInt16? { state.portTLS }

    /// Open connections that came in by listeners of one kind.
    func openCount(_ kind: ListenerKind) -> Int {
        let index = kind.rawValue
        return Int(counters.reduce(0) { $0 + $1.opened[index].count - $1.closed[index].count })
    }

    /// One more watches what becomes of uploads, as long as the answer lives; nil where there are enough.
    ///
    /// - Parameter share: nil for one who looks after the server.
    func watcherSlot(_ share: WatcherShare?) -> WatcherSlot? { WatcherSlot.taken(state, share) }

    /// How many watch: everything, and one upload of their own.
    var watcherCounts: (all: Int, own: Int) {
        (state.watchers.load(ordering: .relaxed), state.ownersWatchers.count)
    }

    /// Accepting has come to a halt because something ran out.
    func countAcceptPause() { state.acceptPauses.add(1, ordering: .relaxed) }

    /// How often it has.
    var acceptPauseCount: Int64 { state.acceptPauses.load(ordering: .relaxed) }

    /// Seconds since 1970-01-01 UTC, by the clock that uploads expire by.
    var nowSeconds: Int64 { store.nowSeconds }

    /// Answers whether this was the first call.
    func beginStopping() -> Bool { !state.stopping.exchange(true, ordering: .relaxed) }
}

extension IETFPolicy {
    fileprivate init(_ configuration: ServerConfiguration) {
        self.init(
            sizeMax: configuration.sizeMax, ageMaxSeconds: configuration.store.expiry.idleSeconds,
            sendsInterim: configuration.sendsInformational,
            digests: DigestAlgorithm.allCases.filter(\.computed.isAvailable))
    }
}

extension TusOffer {
    fileprivate init(_ configuration: ServerConfiguration) {
        self.init(
            sizeMax: configuration.sizeMax, collection: configuration.basePath.collection,
            algorithms: ChecksumAlgorithm.allCases.filter(\.computed.isAvailable), expiry: configuration.store.expiry)
    }
}
