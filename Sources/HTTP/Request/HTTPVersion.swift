/// The versions whose messages are read here (RFC 9112 2.3, RFC 9113).
public enum HTTPVersion: Hashable, Sendable {
    /// No chunks, no 1xx, closed after the answer unless asked otherwise.
    case http10
    /// 1.1, and any later 1.x, which is defined to be readable as 1.1.
    case http11
    /// Frames in place of lines: no chunks, no reason phrases, many requests at once.
    case http2

    /// As people and logs call it.
    public var name: String {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        case .http2: "HTTP/2"
        }
    }
}
