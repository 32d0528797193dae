/// The bounds of the HTTP client that no option changes.
public enum HTTPClientLimits {
    /// Bytes of content read and sent at once.
    static let sendBytes = 256 * 1024
    /// Bytes taken from the socket at once.
    static let receiveBytes = 16 * 1024
    /// Bytes of an answer's content that are kept; a longer one ends the connection.
    public static let answerBytes = 64 * 1024
    /// Reads of one look for an answer while content is sent; what is left is seen at the next look.
    static let readsPerLookMax = 4
    /// Informational answers to one request: a server tells its progress with them, some a second for days.
    static let interimAnswersMax = 1_000_000
    /// Characters of a server's message that are shown.
    static let messageCharacters = 300
    /// One attempt to connect, over all addresses of a host, in nanoseconds.
    static let connectNanoseconds: Int64 = 15_000_000_000
    /// Between the beginnings of attempts to connect to one address and to the next (RFC 8305 section 5), in
    /// nanoseconds.
    static let nextAddressNanoseconds: Int64 = 250_000_000
    /// The TLS handshake, and a proxy's word before it, in nanoseconds.
    static let handshakeNanoseconds: Int64 = 15_000_000_000
    /// A request that moves no byte for so long is given up, in nanoseconds.
    static let stallNanoseconds: Int64 = 60_000_000_000
    /// How long an answer may take once everything is sent, in nanoseconds: the server brings a large file to its
    /// disk, or puts it together from parts.
    static let answerNanoseconds: Int64 = 180_000_000_000
    /// How long a request with a large body waits for the server's word before it sends the body all the same.
    static let welcomeNanoseconds: Int64 = 2_000_000_000
    /// A body of this size, in bytes, is worth waiting for that word.
    static let welcomeBytes = 1 << 20
    /// How long an answer may take that was on its way when the connection broke, in nanoseconds.
    static let lastWordsNanoseconds: Int64 = 500_000_000
    /// Redirects that one request follows.
    static let redirectsMax = 5
    /// Addresses of a host are looked up anew after so long, in nanoseconds.
    static let addressesNanoseconds: Int64 = 60_000_000_000
    /// A connection that nobody has used for so long is not used any more, in nanoseconds: many servers close then.
    static let idleNanoseconds: Int64 = 50_000_000_000
    /// Connections that are kept, of all servers together.
    static let idleConnectionsMax = 8
}
