/// The bounds of the load generator, each with its unit.
enum LoadLimits {
    /// Connections at once: what one client address has ports for, with room to spare.
    static let connectionsMax = 20_000
    /// Processes of the server: a master and its workers.
    static let serverProcessesMax = 64
    /// Requests in one run.
    static let requestsMax = 1_000_000_000
    /// Bytes of the pseudo-random memory that every body is sent from, over and over: small enough to stay in the
    /// processor's cache, so that the generator costs little.
    static let bodyMemoryBytes = 1 << 20
    /// Body bytes that are sent together with the request's head, as one write.
    static let coalescedBodyBytes = 64 << 10
    /// Bytes of a response head and body together.
    static let responseBytesMax = 64 << 10
    /// Pieces a second that a body with a bounded rate is cut into.
    static let paceHertz: Int64 = 20
    /// Bytes that such a piece has at least, where they are no more than a second's: thousands of slow connections
    /// would otherwise cost the generator more than the server.
    static let paceBytesMin: Int64 = 1 << 10
    /// Bytes of a file below /proc that are read.
    static let procFileBytes = 16 << 10
    /// Bytes of a piece of a body that goes at `rate` bytes a second (1 or more).
    static func pacePieceBytes(at rate: Int64) -> Int64 { max(rate / paceHertz, min(rate, paceBytesMin)) }
    /// Memory for ingest buffers of a loop, which this client never uses: the least a loop takes.
    static let loopBufferBytes = 2 << 20
}
