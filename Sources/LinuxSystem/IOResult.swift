/// What a non-blocking read or write did. Would-block and end of stream are ordinary, so they are values, not errors.
public enum IOResult: Equatable, Sendable {
    /// So many bytes were moved, at least one.
    case bytes(Int)
    /// Nothing can be moved now; the poller will tell when.
    case wouldBlock
    /// The peer has sent all it will send (reads only).
    case endOfStream
}
