/// What a non-blocking read of decrypted bytes did.
public enum TLSReadResult: Equatable, Sendable {
    /// So many bytes were read, at least one.
    case bytes(Int)
    /// Nothing is there; the descriptor has been read until it would block, so wait until it is readable.
    case wantsRead
    /// The session must write before it can read on (a key update); call again when the descriptor is writable.
    case wantsWrite
    /// The peer has said that it sends nothing more (close_notify). Writing is still possible.
    case endOfStream
    /// The connection ended without that word, so what came may have been cut by anyone (RFC 8446 section 6.1).
    case truncated
}
