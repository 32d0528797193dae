internal import IETFDialect
internal import Reactor
internal import Storage
internal import Synchronization
internal import TusDialect
internal import Uploads

/// What all connections of a server share. Immutable, or safe from any thread.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let store: LocalStore
    let log: ServerLog
    let page: UploadPage
    /// What the IETF dialect is allowed.
    let ietfPolicy: IETFPolicy
    /// What is offered by tus.
    let tusOffer: TusOffer
    private let stopping = Atomic<Bool>(false)
    private let rested = Atomic<Int>(0)

    init(configuration: ServerConfiguration, store: LocalStore, log: ServerLog, page: UploadPage) {
        self.configuration = configuration
        self.store = store
        self.log = log
        self.page = page
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

    /// Seconds since 1970-01-01 UTC, by the clock that uploads expire by.
    var nowSeconds: Int64 { configuration.store.wallSeconds() }

    /// Answers whether this was the first call.
    func beginStopping() -> Bool { !stopping.exchange(true, ordering: .relaxed) }
}
