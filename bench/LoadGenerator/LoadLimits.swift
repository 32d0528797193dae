/// The bounds of the load generator, each with its unit.
enum LoadLimits {
    /// Connections at once: what one client address has ports for, with room to spare.
    static let connectionsMax = 20_000
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
    /// Bytes of a file below /proc that are read.
    static let procFileBytes = 16 << 10
    /// Memory for ingest buffers of a loop, which this client never uses: the least a loop takes.
    static let loopBufferBytes = 2 << 20
}
