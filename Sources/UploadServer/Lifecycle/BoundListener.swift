internal import LinuxSystem
internal import Reactor

/// A socket that connections come in by, and what it is for.
struct BoundListener: Sendable {
    let kind: ListenerKind
    let socket: Listener

    /// Opens all listeners: the sockets that were inherited stand for `--listen` and `--listen-tls`, which are then not
    /// bound.
    static func open(_ configuration: ServerConfiguration) throws(ServerError) -> [BoundListener] {
        let inherited = configuration.inheritedSockets
        let kinds = try ListenerKind.assigned(to: inherited.map(\.name))
        var listeners = zip(kinds, inherited).map { BoundListener(kind: $0, socket: Listener($1)) }
        if inherited.isEmpty {
            listeners += try bound(configuration.listen, .http, option: "--listen")
            listeners += try bound(configuration.listenTLS, .https, option: "--listen-tls")
        }
        if !kinds.contains(.admin) {
            listeners += try bound(configuration.listenAdmin, .admin, option: "--listen-admin")
        }
        return listeners
    }

    private static func bound(
        _ addresses: [SocketAddress], _ kind: ListenerKind, option: String
    ) throws(ServerError) -> [BoundListener] {
        var listeners: [BoundListener] = []
        for address in addresses {
            do throws(Errno) {
                listeners.append(BoundListener(kind: kind, socket: try Listener(address: address)))
            } catch {
                throw .system("\(option) \(address): \(error)")
            }
        }
        return listeners
    }
}
