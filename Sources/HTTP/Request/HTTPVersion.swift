/// The versions whose messages this parser reads (RFC 9112 2.3).
public enum HTTPVersion: Hashable, Sendable {
    /// No chunks, no 1xx, closed after the answer unless asked otherwise.
    case http10
    /// 1.1, and any later 1.x, which is defined to be readable as 1.1.
    case http11
}
