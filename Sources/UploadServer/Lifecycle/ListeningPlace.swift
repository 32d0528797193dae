internal import LinuxSystem

/// Where clients come in, and by what kind of listener: known before anything listens.
struct ListeningPlace: Sendable, Equatable {
    let kind: ListenerKind
    /// Nil for a Unix socket.
    let address: SocketAddress?

    /// Whether only programs of this machine reach it. A Unix socket counts as one that others reach: who listens at a
    /// path has a proxy in front, which brings them.
    var isForThisMachine: Bool { address?.isLoopback ?? false }

    /// What a configuration asks for, sockets that are handed over aside.
    static func planned(_ configuration: ServerConfiguration) -> [ListeningPlace] {
        let addresses: [(ListenerKind, [SocketAddress], [String])] = [
            (.http, configuration.listen, configuration.listenPaths),
            (.https, configuration.listenTLS, configuration.listenTLSPaths),
            (.admin, configuration.listenAdmin, configuration.listenAdminPaths),
        ]
        return addresses.flatMap { kind, addresses, paths in
            addresses.map { ListeningPlace(kind: kind, address: $0) }
                + paths.map { _ in ListeningPlace(kind: kind, address: nil) }
        }
    }
}
