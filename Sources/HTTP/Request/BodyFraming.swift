/// How the content after a request head is delimited (RFC 9112 6.3).
public enum BodyFraming: Hashable, Sendable {
    /// No content follows.
    case none
    /// Exactly so many bytes follow, 0 or more.
    case length(Int64)
    /// Only its end tells how long it is: chunks follow (see `ChunkedDecoder`), or frames of HTTP/2.
    case chunked
}
