internal import CTLSShim
internal import LinuxSystem

/// One TLS connection on a non-blocking descriptor, from the handshake to close_notify.
///
/// Confined to one thread at a time. It borrows the descriptor, which must stay open while the session is used and is
/// not closed with it; OpenSSL reads and writes it directly. Not copyable because it owns OpenSSL's state, which is
/// freed with the value.
///
/// **With edge-triggered polling** the descriptor has been read until it would block only when `isDrained`. Until then,
/// and right after the handshake, read on without waiting: bytes may sit in the session's own buffer, which no poller
/// sees.
///
/// After an error the session is over: each further call throws the same error again, and closing sends nothing.
public struct TLSSession: ~Copyable {
    /// How reading has ended; writing is over too unless it ended with close_notify.
    private enum Ending {
        case endOfStream
        case truncated
        case failed(TLSError)
    }

    private let session: OpaquePointer
    /// Kept because OpenSSL's callbacks use memory that the context owns.
    private let context: TLSContext
    private var isEstablished = false
    /// Whom a client has asked for, for whom it keeps tickets.
    private let serverName: String?
    /// What the last ticket that was looked at belongs to: each new one comes with a state of its own.
    private var ticketed: OpaquePointer?
    /// Handshake messages seen, in all and up to the end of the handshake.
    private var messageCount = 0
    private var handshakeMessageCount = 0
    private var ending: Ending?
    /// Whether the ending was found behind bytes, so that no call has answered it yet.
    private var endingIsUntold = false
    private var keepsBuffers = false
    /// Whether the last read emptied both the buffer and the descriptor, but for a part of a record.
    public private(set) var isDrained = false
    /// Whether the last read ended because it had opened many records, and found next to nothing in them: a client that
    /// costs a hundred times what its bytes do.
    public private(set) var comesInCrumbs = false

    /// The server's side of a connection that was accepted.
    ///
    /// - Parameter descriptor: a connected, non-blocking stream socket.
    /// - Throws: `.openSSL` when memory is out.
    public init(server context: TLSContext, descriptor: Int32) throws(TLSError) {
        session = try TLSSession.attached(context, descriptor)
        self.context = context
        serverName = nil
        SSL_set_accept_state(session)
    }

    /// The client's side of a connection that is being made. It resumes an earlier session of the same context with
    /// this server, if that has got a ticket, however it has ended, and the server agrees.
    ///
    /// - Parameter serverName: the host name to ask for (SNI) and to expect in the certificate; of a numeric address
    ///   only the certificate is asked (RFC 6066 section 3 has no addresses).
    /// - Throws: `.configuration` where the name cannot be one.
    public init(client context: TLSContext, descriptor: Int32, serverName: String) throws(TLSError) {
        let session = try TLSSession.attached(context, descriptor)
        guard TLSSession.expect(serverName, of: session) else {
            SSL_free(session)
            throw .configuration("\"\(serverName)\" is not a server's name")
        }
        SSL_set_connect_state(session)
        self.session = session
        self.context = context
        self.serverName = serverName
        context.takeTicket(for: serverName)?.use(in: session)
    }

    deinit { SSL_free(session) }

    /// Who the client is, on the server's side, once the handshake is done: nil where it has shown no certificate, or
    /// was asked for none.
    public var clientCertificate: ClientCertificate? {
        guard context.asksClients, SSL_get_verify_result(session) == Int(X509_V_OK),
            let certificate = SSL_get1_peer_certificate(session)
        else { return nil }
        defer { X509_free(certificate) }
        return ClientCertificate(
            names: CertificateNames(certificate), fingerprint: ServerIdentity.fingerprint(of: certificate),
            expirySeconds: ServerIdentity.seconds(X509_get0_notAfter(certificate)) ?? 0)
    }

    /// Goes on with the handshake as far as the descriptor allows. Afterwards it answers `.done` again.
    ///
    /// - Throws: see `TLSError.Kind`; an alert that tells the peer has been sent where possible.
    public mutating func handshake() throws(TLSError) -> TLSProgress {
        if case .failed(let error) = ending { throw error }
        let step = cshim_handshake(session)
        switch step.status {
        case SSL_ERROR_NONE:
            if !isEstablished {
                messageCount = cshim_session_message_count(session)
                handshakeMessageCount = messageCount
                // Before TLS 1.3 a ticket comes within the handshake, later ones come behind it.
                if SSL_version(session) < TLS1_3_VERSION { keepTicket() } else { ticketed = SSL_get_session(session) }
            }
            isEstablished = true
            return .done
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        default: throw fail(step, during: "TLS handshake")
        }
    }

    /// Decrypts into `memory` until `count` bytes are there, the descriptor would block, or `TLSLimits.recordsPerRead`
    /// records have been opened, so one call can fill a large buffer and takes a fraction of a millisecond also where
    /// each record holds one byte. An end or an error behind the bytes is left for the next call.
    ///
    /// - Parameter count: at least 1.
    public mutating func read(
        into memory: UnsafeMutableRawPointer, count: Int
    ) throws(TLSError) -> TLSReadResult {
        precondition(count > 0, "a read needs room")
        if ending != nil { return try tellEnding() }
        isDrained = false
        comesInCrumbs = false
        var (done, records) = (0, 0)
        while done < count {
            if records == TLSLimits.recordsPerRead {
                comesInCrumbs = done < records * TLSLimits.crumbBytes
                break
            }
            let step = cshim_read(session, memory + done, count - done)
            switch step.status {
            case SSL_ERROR_NONE:
                done += step.count
                records += 1
                continue
            case SSL_ERROR_WANT_READ where tookMessages():
                // It only stopped after a message that is no data.
                if messageCount - handshakeMessageCount <= TLSLimits.lateMessagesMax { continue }
                ending = .failed(
                    TLSError(.protocolViolation, "TLS read: too many handshake messages after the handshake"))
            case SSL_ERROR_WANT_READ:
                isDrained = true
                return done > 0 ? .bytes(done) : .wantsRead
            case SSL_ERROR_WANT_WRITE:
                return done > 0 ? .bytes(done) : .wantsWrite
            case SSL_ERROR_ZERO_RETURN: ending = .endOfStream
            case _ where step.isUnexpectedEnd: ending = .truncated
            default: _ = fail(step, during: "TLS read")
            }
            endingIsUntold = true
            return done > 0 ? .bytes(done) : try tellEnding()
        }
        return .bytes(done)
    }

    /// Whether OpenSSL keeps its own buffers (`TLSLimits.readBufferBytes`, and a record's for writing) while they are
    /// empty. A new session does not: they come with the bytes and go with them. To be set while many bytes flow,
    /// which then costs no allocations; setting it back gives at once what is empty.
    public mutating func keepBuffers(_ keeps: Bool) {
        guard keeps != keepsBuffers else { return }
        keepsBuffers = keeps
        cshim_session_keep_buffers(session, keeps ? 1 : 0)
    }

    /// Whether a read would give something, bytes or the end, even if the descriptor never becomes readable again.
    public var hasBufferedInput: Bool {
        if ending != nil { return endingIsUntold }
        return !isDrained && SSL_has_pending(session) == 1
    }

    /// Encrypts and sends until `count` bytes are taken or the descriptor would block.
    ///
    /// After fewer than `count`, the next write must begin with the bytes that were not taken and have at least as
    /// many of them, up to one record (`TLSLimits.recordBytes`): some may be encrypted already. The memory may move. A
    /// shorter write ends the session with an error.
    ///
    /// - Parameter count: at least 1.
    public mutating func write(
        from memory: UnsafeRawPointer, count: Int
    ) throws(TLSError) -> TLSWriteResult {
        precondition(count > 0, "a write needs bytes")
        switch ending {
        case nil, .endOfStream: break
        case .failed(let error): throw error
        case .truncated: throw TLSError(.truncated, "TLS write: the peer has closed the connection")
        }
        var done = 0
        while done < count {
            let step = cshim_write(session, memory + done, count - done)
            switch step.status {
            case SSL_ERROR_NONE:
                done += step.count
                continue
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
                if done > 0 { return .bytes(done) }
                return step.status == SSL_ERROR_WANT_READ ? .wantsRead : .wantsWrite
            default:
                let error = fail(step, during: "TLS write")
                if done == 0 { throw error }
                return .bytes(done)
            }
        }
        return .bytes(done)
    }

    /// Tells the peer that nothing more will be sent, if that can be done at once; its answer is not waited for.
    /// Reading is still possible. Does nothing before the handshake is done and after an error.
    public mutating func closeNotify() {
        switch ending {
        case nil, .endOfStream: break
        // A session must not be shut down after a fatal error (SSL_shutdown(3)).
        case .truncated, .failed: return
        }
        guard isEstablished else { return }
        ERR_clear_error()
        SSL_shutdown(session)
        ERR_clear_error()
    }

    /// `TLSv1.3` or `TLSv1.2`, after the handshake.
    public var protocolVersion: String { String(cString: SSL_get_version(session)) }

    /// The cipher suite in OpenSSL's words, `TLS_AES_128_GCM_SHA256`, after the handshake.
    public var cipherName: String { String(cString: cshim_session_cipher(session)) }

    /// The ALPN name that both sides agreed on, nil when there is none.
    public var applicationProtocol: String? {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(session, &bytes, &count)
        guard let bytes, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    /// Whether a ticket of an earlier session saved the key exchange with certificates.
    public var wasResumed: Bool { SSL_session_reused(session) == 1 }

    /// For tests: what a client needs to resume; nil where the server has sent nothing (yet).
    var resumption: Resumption? { Resumption(of: session) }

    /// For tests: to be called before the handshake.
    mutating func resume(_ resumption: Resumption) { resumption.use(in: session) }

    private static func attached(_ context: TLSContext, _ descriptor: Int32) throws(TLSError) -> OpaquePointer {
        let session = try context.makeSession()
        if cshim_session_attach(session, descriptor) == 1 { return session }
        SSL_free(session)
        throw .openSSL("attach a session to a descriptor")
    }

    /// Names the server to ask for and to verify; false where the name cannot be one.
    private static func expect(_ serverName: String, of session: OpaquePointer) -> Bool {
        if cshim_is_address(serverName) != 0 {
            return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), serverName) == 1
        }
        SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return !serverName.isEmpty && SSL_set1_host(session, serverName) == 1
            && cshim_session_set_server_name(session, serverName) == 1
    }

    /// Whether the peer has sent handshake messages (key updates, attempts to renegotiate) since the last look. They
    /// cost this side more than the peer, so the session ends after too many.
    private mutating func tookMessages() -> Bool {
        let count = cshim_session_message_count(session)
        defer { messageCount = count }
        guard count != messageCount else { return false }
        keepTicket()
        return true
    }

    /// On the client's side, keeps what the server has given for the next connection, as soon as it is there: a
    /// connection that breaks is the one whose successor needs it, and OpenSSL forbids to resume what has broken.
    private mutating func keepTicket() {
        guard let serverName, context.resumes, let current = SSL_get_session(session), current != ticketed else {
            return
        }
        ticketed = current
        if let resumption = Resumption(copying: current) { context.keep(resumption, for: serverName) }
    }

    private mutating func tellEnding() throws(TLSError) -> TLSReadResult {
        endingIsUntold = false
        switch ending {
        case .failed(let error): throw error
        case .truncated: return .truncated
        case .endOfStream, nil: return .endOfStream
        }
    }

    private mutating func fail(_ step: cshim_step, during action: String) -> TLSError {
        let error = step.failure(of: session, isEstablished: isEstablished, during: action)
        ending = .failed(error)
        return error
    }
}
