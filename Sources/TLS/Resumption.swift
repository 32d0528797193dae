internal import CTLSShim

/// A ticket, and the secrets that go with it, by which a client resumes a session.
///
/// Usable from any thread: OpenSSL counts its references atomically, and nothing here changes it.
final class Resumption: Sendable {
    private let address: UInt
    private var ticket: OpaquePointer? { OpaquePointer(bitPattern: address) }

    /// Nil unless the server has sent a ticket. In TLS 1.3 it comes after the handshake, so a client reads first.
    init?(of session: OpaquePointer) {
        guard let ticket = SSL_get1_session(session) else { return nil }
        guard SSL_SESSION_has_ticket(ticket) == 1, SSL_SESSION_is_resumable(ticket) == 1 else {
            SSL_SESSION_free(ticket)
            return nil
        }
        address = UInt(bitPattern: ticket)
    }

    /// A copy, which stays good when the session breaks. Nil where there is no ticket, or no memory.
    init?(copying state: OpaquePointer) {
        guard SSL_SESSION_has_ticket(state) == 1, SSL_SESSION_is_resumable(state) == 1,
            let ticket = SSL_SESSION_dup(state)
        else {
            ERR_clear_error()
            return nil
        }
        address = UInt(bitPattern: ticket)
    }

    deinit { SSL_SESSION_free(ticket) }

    func use(in session: OpaquePointer) { SSL_set_session(session, ticket) }
}
