public import LinuxSystem

/// Why a context could not be made or a session has ended. Nothing can be sent or read on a session after one.
public struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What a program may want to tell apart.
    public enum Kind: Equatable, Sendable {
        /// A certificate, key, name or option given by the operator cannot be used.
        case configuration
        /// The peer's certificate is not believed, or is not for the expected name.
        case certificate
        /// The peer ended the session with this alert (RFC 8446 section 6.2), in OpenSSL's words: `unknown CA`.
        case alert(String)
        /// The handshake failed on this side: no shared version or suite, or the peer does not speak TLS.
        case handshakeFailed
        /// A record could not be decrypted, or the peer broke the protocol after the handshake.
        case protocolViolation
        /// A system call on the descriptor failed.
        case system(Errno)
        /// The connection ended in the middle of the handshake, or was found ended without close_notify when writing.
        case truncated
        /// OpenSSL has no memory, or refuses a call that is right: not the peer's doing.
        case openSSL
    }

    /// Whose doing it was.
    public let kind: Kind

    /// One line that says what went wrong, with the file's name where one is concerned.
    public let description: String

    /// OpenSSL's whole error queue, oldest first, for the log. Often empty where the system or the peer is the cause.
    public let details: [String]

    init(_ kind: Kind, _ description: String, details: [String] = []) {
        self.kind = kind
        self.description = description
        self.details = details
    }
}
