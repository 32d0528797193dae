/// The bounds of the server that no option changes.
enum ServerLimits {
    /// Bytes read from a connection at once while no body flows: a head and a little more, since what belongs to a body
    /// is copied once more from here.
    static let headReadBytes = 8 * 1024
    /// Log lines that wait for a slow reader, in bytes.
    static let logBytesMax = 8 << 20
    /// How long log lines gather before they are written together.
    static let logGatherNanoseconds: Int64 = 5_000_000
    /// Expired uploads removed in one step of the sweep …
    static let sweepStepUploads = 64
    /// … the pause after a step, while more is due …
    static let sweepStepNanoseconds: Int64 = 20_000_000
    /// … and after the last one.
    static let sweepRestNanoseconds: Int64 = 15_000_000_000
    /// A body that nobody wants is read to its end when so much of it, at most, is left; the connection then goes on.
    static let drainKeptBytes: Int64 = 64 * 1024
    /// A large buffer is kept for a body that pauses so long at most; then its bytes are written as they are.
    static let bufferHoldNanoseconds: Int64 = 50_000_000
    /// Bytes that must come within one hold for a body to count as fast and keep its buffer between arrivals.
    static let fastBodyBytes = 128 * 1024
    /// What a download reads from the disk at once, in bytes: its memory, whatever its client does.
    static let downloadBufferBytes = 128 * 1024
    /// The TLS handshake, from accept to finish.
    static let handshakeNanoseconds: Int64 = 15_000_000_000
    /// How long a connection waits for its next request before it gives up its task, and all memory that it can.
    static let parkNanoseconds: Int64 = 1_000_000_000
    /// Free memory goes back to the system when so many connections have come to rest, or to their end, …
    static let trimConnections = 256
    /// … which is looked at so often: at once when that has calmed down, …
    static let trimStepNanoseconds: Int64 = 2_000_000_000
    /// … and after so many looks in any case.
    static let trimStepsMax = 30
    /// A connection without a request.
    static let idleNanoseconds: Int64 = 75_000_000_000
    /// A request head, from its first byte to its last.
    static let headNanoseconds: Int64 = 20_000_000_000
    /// A response that the client does not take.
    static let responseNanoseconds: Int64 = 60_000_000_000
    /// From SIGTERM to the end of the process, whatever still runs.
    static let stopNanoseconds: Int64 = 30_000_000_000
}
