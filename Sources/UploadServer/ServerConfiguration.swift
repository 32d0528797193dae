public import Access
public import Events
internal import HTTP
public import LinuxSystem
internal import Reactor
public import Storage
public import TLS
public import Uploads

/// Everything that a server is told when it starts.
public struct ServerConfiguration: Sendable {
    /// Where plain HTTP is served, all of them; none for nowhere. Port 0 lets the system choose.
    public var listen: [SocketAddress]
    /// Where HTTP over TLS is served; none for nowhere.
    public var listenTLS: [SocketAddress]
    /// Where metrics and readiness are told, in plain HTTP; none for nowhere.
    public var listenAdmin: [SocketAddress]
    /// Paths of Unix sockets where plain HTTP is served, …
    public var listenPaths: [String]
    /// … HTTP over TLS …
    public var listenTLSPaths: [String]
    /// … and metrics and readiness are told.
    public var listenAdminPaths: [String]
    /// Who may connect to them, as the permission bits of a file.
    public var socketMode: UInt32
    /// Which of `listen` and `listenTLS` are for trusted proxies alone, which say by the PROXY protocol whose
    /// connection each is.
    public var proxyProtocol: [SocketAddress]
    /// Sockets that listen already, in place of `listen` and `listenTLS`. By their names `http`, `https` and `admin`,
    /// or in this order.
    public var inheritedSockets: [InheritedSocket]
    /// Certificates, chosen by the name that a client asks for, the first for all other names; none makes a self-signed
    /// one, on loopback only.
    public var certificates: [CertificateFiles]
    /// Whose certificates clients may, or must, show; nil to ask for none.
    public var clientAuthorities: ClientAuthorities?
    /// How often these files are looked at, in nanoseconds.
    public var certificateCheckNanoseconds: Int64
    /// With fewer free bytes where uploads live, the server says that it is not ready for more.
    public var readyFreeBytes: Int64
    /// Where uploads live, and what an acknowledged byte survives.
    public var store: StoreConfiguration
    /// Whether SHA-256 is computed of every file while it comes.
    public var computesDigests: Bool
    /// Who is told of what becomes of uploads.
    public var delivery: DeliveryConfiguration
    /// Event loops, 1 or more.
    public var threads: Int
    /// The largest file taken, in bytes.
    public var sizeMax: Int64
    /// Bound of the memory that bodies on their way hold, in bytes, over all loops.
    public var bufferMemoryBytes: Int
    /// How long a body, or a download, waits for such memory before it is refused, in nanoseconds.
    public var bufferWaitNanoseconds: Int64
    /// Time without a byte after which a body counts as dead, in nanoseconds.
    public var bodyIdleNanoseconds: Int64
    /// Time in which not a byte of a download leaves after which its client counts as dead, in nanoseconds; its least
    /// rate, which is a body's, is averaged over as much.
    public var downloadIdleNanoseconds: Int64
    /// From accepting a connection to the end of its TLS handshake, in nanoseconds.
    public var handshakeNanoseconds: Int64
    /// How long a connection may wait for its next request, in nanoseconds.
    public var idleNanoseconds: Int64
    /// A request head, from its first byte to its last, in nanoseconds.
    public var headNanoseconds: Int64
    /// How long a client that has connected, or begun a request, may take to say what it wants when the server stops,
    /// in nanoseconds.
    public var stopRequestNanoseconds: Int64
    /// From the begin of a stop to the log's lines on requests that do not end, in nanoseconds.
    public var stopPatienceNanoseconds: Int64
    /// From the begin of a stop to the closing of the store, whatever still runs, in nanoseconds.
    public var stopClientsNanoseconds: Int64
    /// The least a body may bring in bytes a second, averaged over a window of waiting for it; 0 for no such bound.
    public var bodyRateBytes: Int64
    /// That window, in nanoseconds.
    public var bodyRateWindowNanoseconds: Int64
    /// Open connections at once; more are refused.
    public var connectionsMax: Int
    /// Open connections at once of one client address (IPv6: of one /64), 0 for no such bound; trusted proxies are not
    /// bounded. Nil is half of `connectionsMax`, and no bound for this machine.
    public var connectionsPerAddressMax: Int?
    /// Who vouches for clients; without anybody all may do everything.
    public var access: AccessPolicy
    /// Who is asked beside them; nil for nobody. `access` says so, too.
    public var authority: AuthorityConfiguration?
    /// Who is asked about uploads before they begin, and before they are finished.
    public var questions: QuestionConfiguration
    /// Where keys are published by which `access` checks tokens.
    public var keySources: [KeySource]
    /// What the uploads of each owner may come to, where nothing else is said of its principal.
    public var ownerLimits: OwnerLimits
    /// Bytes a second of all uploads together, and of all downloads; nil for as many as come.
    public var rateMax: Int64?
    /// Those of each owner, where nothing else is said of its principal.
    public var ownerRateMax: Int64?
    /// Uploads that may begin in a second; nil for any number.
    public var creationsMax: Int64?
    /// Those of each owner.
    public var ownerCreationsMax: Int64?
    /// What the server is called outside (`https://uploads.example/prefix`, no slash at the end), or only the path
    /// below which a proxy serves it (`/prefix`); nil where addresses are told without it.
    public var publicURL: String?
    /// Where uploads have their addresses.
    public var basePath: BasePath
    /// Whose word counts on where requests come from.
    public var trustedProxies: [NetworkPrefix]
    /// The field in which they say so: `Forwarded`, or one that holds addresses with commas between.
    public var realIPHeader: String {
        didSet { realIPField = FieldName(told: realIPHeader) ?? .xForwardedFor }
    }
    private(set) var realIPField: FieldName
    /// Which pages of other origins may use the server.
    public var cors: CORSPolicy
    /// The hosts that are answered to (`Host` without a port, in lower case), `publicURL`'s beside them; none for any.
    public var allowedHosts: [String]
    /// Whether plain listeners send their clients to TLS.
    public var redirectsToTLS: Bool
    /// For how many seconds clients are told to come by TLS only, over TLS; nil to tell them nothing.
    public var strictTransportSeconds: Int64?
    /// The directory in which an ACME client leaves what an authority asks for; nil to answer no such question.
    public var acmeDirectory: String?
    /// Whether clients of the IETF dialect that ask for 104s get them. Off behind proxies that cannot pass them on.
    public var sendsInformational: Bool
    /// Whether HTTP/2 is spoken beside HTTP/1.1: by ALPN over TLS, by prior knowledge in plain.
    public var allowsHTTP2: Bool
    /// Whether finished files can be fetched.
    public var allowsDownload: Bool

    /// Which dialects are served, in the order in which they are asked.
    var dialects: [any ServedDialect.Type] = ServedDialects.all

    public init(store: StoreConfiguration) {
        self.store = store
        delivery = DeliveryConfiguration()
        computesDigests = false
        listen = []
        listenTLS = []
        listenAdmin = []
        proxyProtocol = []
        listenPaths = []
        listenTLSPaths = []
        listenAdminPaths = []
        socketMode = ServerConfiguration.socketModeStandard
        inheritedSockets = []
        certificates = []
        clientAuthorities = nil
        certificateCheckNanoseconds = ServerLimits.certificateCheckNanoseconds
        readyFreeBytes = 1 << 30
        threads = SystemProcess.processorCount
        sizeMax = 1 << 40
        bufferMemoryBytes = 256 << 20
        bufferWaitNanoseconds = ReactorLimits.leaseNanoseconds
        bodyIdleNanoseconds = 60_000_000_000
        downloadIdleNanoseconds = ServerLimits.downloadIdleNanoseconds
        handshakeNanoseconds = ServerLimits.handshakeNanoseconds
        idleNanoseconds = ServerLimits.idleNanoseconds
        headNanoseconds = ServerLimits.headNanoseconds
        stopRequestNanoseconds = ServerLimits.stopRequestNanoseconds
        stopPatienceNanoseconds = ServerLimits.stopPatienceNanoseconds
        stopClientsNanoseconds = ServerLimits.stopClientsNanoseconds
        bodyRateBytes = ServerLimits.bodyRateBytes
        bodyRateWindowNanoseconds = ServerLimits.bodyRateWindowNanoseconds
        connectionsMax = ServerLimits.connectionsMax
        connectionsPerAddressMax = nil
        access = .open
        authority = nil
        questions = QuestionConfiguration()
        keySources = []
        ownerLimits = .none
        rateMax = nil
        ownerRateMax = nil
        creationsMax = nil
        ownerCreationsMax = nil
        publicURL = nil
        basePath = .standard
        trustedProxies = []
        realIPHeader = ServerConfiguration.realIPHeaderStandard
        realIPField = .xForwardedFor
        cors = .none
        allowedHosts = []
        redirectsToTLS = false
        strictTransportSeconds = nil
        acmeDirectory = nil
        sendsInformational = true
        allowsHTTP2 = true
        allowsDownload = true
    }

    /// Who may connect to Unix sockets unless an option says otherwise: this user.
    public static let socketModeStandard: UInt32 = 0o600

    /// Where proxies write their client's address unless an option says otherwise.
    public static let realIPHeaderStandard = "X-Forwarded-For"

    /// Of the memory for bodies what streams of HTTP/2 may have waiting for their tasks, in bytes.
    var streamMemoryBytes: Int { allowsHTTP2 ? bufferMemoryBytes / ServerLimits.streamMemoryShare : 0 }

    /// Whether connections at an address begin with a PROXY header: an address that a service manager holds may take
    /// both families where the option names one.
    public func takesProxyHeader(at address: SocketAddress) -> Bool {
        proxyProtocol.contains { $0.host == address.host && $0.port == address.port }
    }

    /// With fewer descriptors to open the server does not start.
    public static var openFilesMin: Int { openFiles(connections: 1) }

    /// Whether uploads can have their addresses there: not where something else has its own.
    public static func isFree(_ path: BasePath) -> Bool { !Address.isTaken(path) }

    /// Whether a text can be the name of a header field.
    public static func isFieldName(_ text: String) -> Bool { FieldName(told: text) != nil }

    /// How many descriptors it takes to serve so many connections, each with a file.
    public static func openFiles(connections: Int) -> Int {
        connections * ServerLimits.descriptorsOfConnection + ServerLimits.descriptorsReserved
    }

    /// How many connections a process serves, unless told, that may open so many descriptors.
    public static func connectionsMax(openFiles: Int) -> Int {
        let room = (openFiles - ServerLimits.descriptorsReserved) / ServerLimits.descriptorsOfConnection
        return min(ServerLimits.connectionsMax, max(1, room))
    }
}
