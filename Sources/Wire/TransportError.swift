public import LinuxSystem
public import Reactor
public import TLS

/// Why no more bytes move on a connection.
public enum TransportError: Error {
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
    public var description: String {
        switch self {
        case .interrupted(.timedOut): "timed out"
        case .interrupted: "interrupted"
        case .system(let errno): "\(errno)"
        case .tls(let error): "\(error)"
        case .truncated: "connection closed in the middle"
        }
    }
}
