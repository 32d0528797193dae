/// Why nothing more can be read of a connection: it is to be closed, after `ServerSession.farewell`.
public struct SessionFailure: Error, Hashable, Sendable {
    /// What the client is told.
    public let code: ErrorCode
    /// For the log.
    public let reason: String
}
