internal import LinuxSystem
internal import Reactor

/// A socket that connections come in by.
struct Door: Sendable {
    let entrance: Entrance
    let listener: Listener

    /// Opens all doors: the sockets that were inherited stand for `--listen` and `--listen-tls`, which are then not
    /// bound.
    static func open(_ configuration: ServerConfiguration) throws(ServerError) -> [Door] {
        let inherited = configuration.inheritedSockets
        let entrances = try Entrance.assigned(to: inherited.map(\.name))
        var doors = zip(entrances, inherited).map { Door(entrance: $0, listener: Listener($1)) }
        if inherited.isEmpty {
            doors += try bound(configuration.listen, .http, option: "--listen")
            doors += try bound(configuration.listenTLS, .https, option: "--listen-tls")
        }
        if !entrances.contains(.admin) {
            doors += try bound(configuration.listenAdmin, .admin, option: "--listen-admin")
        }
        return doors
    }

    private static func bound(
        _ addresses: [SocketAddress], _ entrance: Entrance, option: String
    ) throws(ServerError) -> [Door] {
        var doors: [Door] = []
        for address in addresses {
            do throws(Errno) {
                doors.append(Door(entrance: entrance, listener: try Listener(address: address)))
            } catch {
                throw .system("\(option) \(address): \(error)")
            }
        }
        return doors
    }
}
