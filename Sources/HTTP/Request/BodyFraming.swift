/// How the content after a request head is delimited (RFC 9112 6.3).
public enum BodyFraming: Hashable, Sendable {
    /// No content follows.
    case none
    /// Exactly so many bytes follow, 0 or more.
    case length(Int64)
    /// Chunks follow; see `ChunkedDecoder`.
    case chunked
}
