/// What a non-blocking write of bytes to encrypt did.
public enum TLSWriteResult: Equatable, Sendable {
    /// So many bytes were taken, at least one.
    case bytes(Int)
    /// None was taken; call again with the same bytes when the descriptor is writable.
    case wantsWrite
    /// None was taken; the session must read first, so call again with the same bytes when it is readable.
    case wantsRead
}
