internal import LinuxSystem
internal import Reactor
internal import TLS

/// Why no more bytes move on a connection.
enum TransportError: Error {
    /// Somebody, or a deadline, stopped the task that waited. The connection itself is sound.
    case interrupted(Interruption)
    /// The peer reset the connection, or the network did.
    case system(Errno)
    /// The encryption failed; nothing more can be said to the peer.
    case tls(TLSError)
    /// The peer closed without the closing alert that TLS asks for: what came before may have been cut short.
    case truncated
}

extension TransportError: CustomStringConvertible {
    /// For the log.
    var description: String {
        switch self {
        case .interrupted(.timedOut): "timed out"
        case .interrupted(.stopping): "server stopping"
        case .interrupted(.fenced): "superseded by a newer request"
        case .interrupted: "interrupted"
        case .system(let errno): "\(errno)"
        case .tls(let error): "\(error)"
        case .truncated: "connection closed in the middle"
        }
    }
}

extension Interruption {
    /// A newer request took the upload over.
    static let fenced = Interruption(rawValue: 1)
    /// The server stops.
    static let stopping = Interruption(rawValue: 2)
}
