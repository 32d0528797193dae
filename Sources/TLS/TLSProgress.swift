/// How far a handshake has come.
public enum TLSProgress: Equatable, Sendable {
    /// Application bytes can be read and written. The first ones may be here already: read before waiting.
    case done
    /// Call again when the descriptor is readable.
    case wantsRead
    /// Call again when the descriptor is writable.
    case wantsWrite
}
