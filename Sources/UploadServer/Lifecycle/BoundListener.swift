internal import LinuxSystem
internal import Reactor

/// A socket that connections come in by, and what it is for.
struct BoundListener: Sendable {
    let kind: ListenerKind
    let socket: Listener
    /// Whether each connection begins with a PROXY header.
    let takesProxyHeader: Bool

    /// Opens all listeners: the sockets that were inherited stand for `--listen` and `--listen-tls`, which are then not
    /// bound.
    static func open(_ configuration: ServerConfiguration) throws(ServerError) -> [BoundListener] {
        let inherited = configuration.inheritedSockets
        let kinds = try ListenerKind.assigned(to: inherited.map(\.name))
        var listeners = zip(kinds, inherited).map { kind, socket in
            BoundListener(
                kind: kind, socket: Listener(socket),
                takesProxyHeader: kind != .admin && configuration.takesProxyHeader(at: socket.address))
        }
        if inherited.isEmpty {
            listeners += try bound(configuration.listen, .http, option: "--listen", configuration)
            listeners += try bound(paths: configuration.listenPaths, .http, option: "--listen", configuration)
            listeners += try bound(configuration.listenTLS, .https, option: "--listen-tls", configuration)
            listeners += try bound(paths: configuration.listenTLSPaths, .https, option: "--listen-tls", configuration)
        }
        if !kinds.contains(.admin) {
            listeners += try bound(configuration.listenAdmin, .admin, option: "--listen-admin", configuration)
            listeners += try bound(
                paths: configuration.listenAdminPaths, .admin, option: "--listen-admin", configuration)
        }
        return listeners
    }

    /// What for, and where.
    var place: ListeningPlace { ListeningPlace(kind: kind, address: socket.address) }

    /// Where it is found, for people.
    var names: [String] {
        socket.path.map { ["unix:\($0)"] } ?? socket.address?.families.map(\.description) ?? []
    }

    /// What those who come this way are called who have no address.
    var nameOfPeers: String { socket.path == nil ? "unknown" : NetworkPrefix.unix }

    private static func bound(
        paths: [String], _ kind: ListenerKind, option: String, _ configuration: ServerConfiguration
    ) throws(ServerError) -> [BoundListener] {
        var listeners: [BoundListener] = []
        for path in paths {
            do throws(Errno) {
                let socket = try Listener(path: path, mode: configuration.socketMode)
                listeners.append(BoundListener(kind: kind, socket: socket, takesProxyHeader: false))
            } catch {
                throw .system("\(option) unix:\(path): \(error)")
            }
        }
        return listeners
    }

    private static func bound(
        _ addresses: [SocketAddress], _ kind: ListenerKind, option: String, _ configuration: ServerConfiguration
    ) throws(ServerError) -> [BoundListener] {
        var listeners: [BoundListener] = []
        for address in addresses {
            do throws(Errno) {
                listeners.append(
                    BoundListener(
                        kind: kind, socket: try Listener(address: address),
                        takesProxyHeader: kind != .admin && configuration.takesProxyHeader(at: address)))
            } catch {
                throw .system("\(option) \(address): \(error)")
            }
        }
        return listeners
    }
}
