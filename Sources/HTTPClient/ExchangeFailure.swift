/// Why there is no answer to a request.
public struct ExchangeFailure: Error, CustomStringConvertible {
    /// What whoever asks may want to tell apart.
    public enum Kind: Sendable {
        /// The connection was not made or broke, or nothing came in time: it may be better soon.
        case lost
        /// A connection that had been kept was closed before a byte of the answer came: ask again at once.
        case stale
        /// The host's name does not exist.
        case unknownHost
        /// The server's certificate, or its encryption, is not to be trusted.
        case untrusted
        /// What came is no HTTP.
        case notHTTP
        /// The proxy cannot be used, or refuses.
        case proxy
        /// Redirects led nowhere.
        case redirects
        /// This machine has no memory or thread left.
        case local
        /// The request's content could not be read.
        case content(any Error)
        /// Whoever watched the progress wanted no more of it.
        case cancelled
    }

    /// Whose doing it was.
    public let kind: Kind
    /// One line for a person.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
