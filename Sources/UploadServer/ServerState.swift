internal import Events
internal import LinuxSystem
internal import Synchronization
internal import TLS

/// What changes while a server runs. One for all of its contexts, usable from any thread.
final class ServerState: Sendable {
    /// Raised when another context takes over; what a connection compares before each request.
    let generation = Atomic<Int>(0)
    let stopping = Atomic<Bool>(false)
    let rested = Atomic<Int>(0)
    let acceptPauses = Atomic<Int64>(0)
    /// Who watches what becomes of uploads: all, and those who watch one of their own.
    let watchers = Atomic<Int>(0)
    let ownersWatchers = SharedPlaces()
    /// Where others are asked.
    let outside = OutsideLoop()
    /// How it goes with the application that is asked who may.
    let authorityHealth: ApplicationHealth
    /// How it goes with those that are asked about uploads.
    let createHealth: ApplicationHealth
    let finishHealth: ApplicationHealth
    /// How often published keys were read.
    let keyCounts = KeyCounts()
    let formPlaces = FormPlaces()
    /// What went on in the last hour.
    let traffic = TrafficHistory()
    private let log: ServerLog
    private let context = Mutex<ServerContext?>(nil)
    private let shown: Mutex<Credentials?>

    /// The port of the first listener for TLS; nil where there is none.
    let portTLS: UInt16?

    init(credentials: Credentials?, portTLS: UInt16?, log: ServerLog) {
        shown = Mutex(credentials)
        self.log = log
        authorityHealth = ApplicationHealth(.authority, log: log.logger)
        createHealth = ApplicationHealth(.create, log: log.logger)
        finishHealth = ApplicationHealth(.finish, log: log.logger)
        self.portTLS = portTLS
    }

    /// What the server shows to clients that come over TLS; nil where none do.
    var credentials: Credentials? {
        get { shown.withLock { $0 } }
        set { shown.withLock { $0 = newValue } }
    }

    /// What the next request is served with; nil once the server has stopped.
    var current: ServerContext? { context.withLock { $0 } }

    /// Whoever asks the application that a configuration names; nil where it names none.
    func authority(of configuration: ServerConfiguration) throws(Errno) -> AuthorityDesk? {
        guard let authority = configuration.authority else { return nil }
        return AuthorityDesk(authority, on: try outside.loop(), health: authorityHealth)
    }

    /// Whoever asks the application about uploads, as a configuration says.
    ///
    /// - Parameter source: a name for the server where it has no public URL.
    func questions(of configuration: ServerConfiguration, source: String) throws(Errno) -> QuestionDesks {
        var desks = QuestionDesks.none
        for kind in Question.Kind.allCases {
            guard let url = configuration.questions.url(kind) else { continue }
            desks[kind] = QuestionDesk(
                kind, url, of: configuration, source: source, on: try outside.loop(), health: health(kind))
        }
        return desks
    }

    /// How it goes with the questions of a kind.
    func health(_ kind: Question.Kind) -> ApplicationHealth {
        switch kind {
        case .create: createHealth
        case .finish: finishHealth
        }
    }

    /// Whoever reads the keys that a configuration says where to find.
    ///
    /// - Parameter before: those of the configuration before. What they know counts until it is read anew.
    func keepers(
        of configuration: ServerConfiguration, after before: [KeyKeeper] = []
    ) throws(Errno) -> [KeyKeeper] {
        guard !configuration.keySources.isEmpty else { return [] }
        let loop = try outside.loop()
        return configuration.keySources.map { source in
            KeyKeeper(
                source, after: before.first { $0.source.url == source.url }, on: loop, counts: keyCounts,
                log: log.logger)
        }
    }

    /// Lets requests be served with another context from now on. One thread at a time.
    func adopt(_ next: ServerContext) {
        context.withLock { $0 = next }
        generation.store(next.generation, ordering: .releasing)
    }

    /// The server has stopped: lets go of the context, which knows this state.
    func end() { context.withLock { $0 = nil } }
}
