internal import Reactor
internal import Storage
internal import Synchronization

/// What all connections of a server share. Immutable, or safe from any thread.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let store: LocalStore
    let log: ServerLog
    let page: UploadPage
    private let stopping = Atomic<Bool>(false)

    init(configuration: ServerConfiguration, store: LocalStore, log: ServerLog, page: UploadPage) {
        self.configuration = configuration
        self.store = store
        self.log = log
        self.page = page
    }

    /// Whether the server takes no more requests: those under way are brought to their end.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Answers whether this was the first call.
    func beginStopping() -> Bool { !stopping.exchange(true, ordering: .relaxed) }
}
