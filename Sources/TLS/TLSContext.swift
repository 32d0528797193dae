internal import CTLSShim
internal import LinuxSystem
internal import Synchronization

/// What all TLS sessions of a server, or of a client, share: certificate, trust, versions, suites, ticket keys.
///
/// Immutable after init, usable from any thread. A changed certificate is a new context for the sessions to come;
/// sessions that run keep the one they were made with.
///
/// Tickets (session resumption) are encrypted with a key that is made with the context and never stored, so they end
/// with the process, and after two hours.
///
/// OpenSSL writes with write(2): the process must ignore SIGPIPE (`LinuxSystem.Signals` does that).
public final class TLSContext: @unchecked Sendable {
    // Sendable is unchecked for these two pointers alone. An SSL_CTX counts its references atomically, locks what it
    // changes, and is never configured after init; the protocols are only read after init.
    private let context: OpaquePointer
    private let protocols: UnsafeMutablePointer<cshim_protocols>
    /// Whether a client keeps tickets.
    private let resumes: Bool
    /// A client's tickets, by the server's name; the newest of each.
    private let tickets = Mutex<[String: Resumption]>([:])

    /// SHA-256 of the server's own certificate as `AA:BB:…`, what `openssl x509 -fingerprint -sha256` prints. Empty for
    /// a client.
    public let certificateFingerprint: String

    /// The server's own certificate as PEM text, for clients that are to believe it. Empty for a client.
    public let certificatePEM: String

    /// When the server's own certificate ends, in seconds since 1970-01-01 UTC. `.max` for a client.
    public let certificateExpirySeconds: Int64

    /// When it begins, likewise. `.min` for a client.
    public let certificateStartSeconds: Int64

    /// A context for servers with a certificate from files.
    ///
    /// - Parameters:
    ///   - certificateFile: PEM, the server's own certificate first, then the intermediate ones.
    ///   - keyFile: PEM, not encrypted; may be the same file.
    ///   - applicationProtocols: ALPN names, best first. The client's order does not count; a client that offers
    ///     others only is refused by an alert (RFC 7301 section 3.2), one that offers nothing is served.
    /// - Throws: `.configuration` with one line for the operator that names the file and what is wrong with it.
    public static func server(
        certificateFile: String, keyFile: String, applicationProtocols: [String]
    ) throws(TLSError) -> TLSContext {
        let identity = try ServerIdentity.read(certificateFile: certificateFile, keyFile: keyFile)
        return try TLSContext(
            identity: identity, named: "certificate file \(certificateFile)",
            protocols: applicationProtocols)
    }

    /// A context for servers with a key and a certificate made in memory (ECDSA P-256), valid from a day ago for 30
    /// days to come.
    ///
    /// - Parameter names: host names and numeric addresses, 1 to 100: `localhost`, `127.0.0.1`, `::1`.
    /// - Throws: `.configuration` where a name is neither.
    public static func selfSigned(
        names: [String], applicationProtocols: [String]
    ) throws(TLSError) -> TLSContext {
        try TLSContext(
            identity: .selfSigned(names: names), named: "self-signed certificate",
            protocols: applicationProtocols)
    }

    /// A context for clients. Unless `trust` is `.none`, the server's certificate must be believed and be for the name
    /// that the session asks for.
    ///
    /// - Parameters:
    ///   - applicationProtocols: ALPN names to offer, best first; empty to offer none.
    ///   - resumes: whether a session that was closed in good order makes the next one with its server cheaper.
    /// - Throws: `.configuration` where the authorities cannot be read.
    public static func client(
        trust: TLSTrust, applicationProtocols: [String], resumes: Bool = false
    ) throws(TLSError) -> TLSContext {
        try TLSContext(trust: trust, protocols: applicationProtocols, onlyVersion: nil, resumes: resumes)
    }

    private init(
        identity: consuming ServerIdentity, named name: String, protocols names: [String]
    ) throws(TLSError) {
        resumes = false
        certificateFingerprint = identity.fingerprint
        certificatePEM = identity.pem
        certificateExpirySeconds = identity.expirySeconds
        certificateStartSeconds = identity.startSeconds
        (context, protocols) = try TLSContext.allocated(method: TLS_server_method(), protocols: names)
        try configure()
        cshim_context_prefer_own_order(context)
        if cshim_context_set_groups(context, TLSLimits.groups) != 1 { throw .openSSL("set the key exchanges") }
        try identity.install(in: context, named: name)
        // Tickets are refused across contexts that differ here; within one process all share it.
        let identifier = Array("sluice".utf8)
        guard SSL_CTX_set_session_id_context(context, identifier, UInt32(identifier.count)) == 1,
            SSL_CTX_set_num_tickets(context, TLSLimits.tickets) == 1
        else { throw .openSSL("set up tickets") }
        if protocols.pointee.count > 0 { cshim_context_select_protocols(context, protocols) }
    }

    /// - Parameter onlyVersion: for tests, the one version to offer.
    init(
        trust: TLSTrust, protocols names: [String], onlyVersion: TLSVersion?, resumes: Bool = false
    ) throws(TLSError) {
        self.resumes = resumes
        certificateFingerprint = ""
        certificatePEM = ""
        certificateExpirySeconds = .max
        certificateStartSeconds = .min
        (context, protocols) = try TLSContext.allocated(method: TLS_client_method(), protocols: names)
        try configure()
        try believe(trust)
        if let onlyVersion, cshim_context_set_only_version(context, onlyVersion.rawValue) != 1 {
            throw .openSSL("offer one version")
        }
        let count = protocols.pointee.count
        let refused = withUnsafeBytes(of: &protocols.pointee.bytes) {
            SSL_CTX_set_alpn_protos(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), count)
        }
        if refused != 0 { throw .openSSL("set ALPN names") }
    }

    deinit {
        SSL_CTX_free(context)
        protocols.deallocate()
    }

    /// Why clients that verify would refuse the certificate at this time: `has expired`, `is not valid yet`; nil where
    /// its time has come and is not over.
    public var validityFault: String? {
        let now = SystemClock.wallNanoseconds / 1_000_000_000
        if certificateExpirySeconds <= now { return "has expired" }
        return certificateStartSeconds > now ? "is not valid yet" : nil
    }

    /// What an earlier session with this server has left, for one use: a ticket that is used twice lets onlookers tell
    /// that both come from the same client (RFC 8446 appendix C.4).
    func takeTicket(for serverName: String) -> Resumption? {
        tickets.withLock { $0.removeValue(forKey: serverName) }
    }

    /// Keeps a ticket for the next session with this server.
    func keep(_ ticket: Resumption, for serverName: String) {
        guard resumes else { return }
        tickets.withLock { tickets in
            if tickets.count >= TLSLimits.ticketsKeptMax { tickets.removeAll() }
            tickets[serverName] = ticket
        }
    }

    /// A new session, owned by the caller, that refers to this context: it must not outlive it.
    func makeSession() throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        guard let session = SSL_new(context) else { throw .openSSL("make a session") }
        return session
    }

    private static func allocated(
        method: OpaquePointer?, protocols names: [String]
    ) throws(TLSError) -> (OpaquePointer, UnsafeMutablePointer<cshim_protocols>) {
        let encoded = try ApplicationProtocols.encoded(names)
        ERR_clear_error()
        guard let context = SSL_CTX_new(method) else { throw .openSSL("make a context") }
        let protocols = UnsafeMutablePointer<cshim_protocols>.allocate(capacity: 1)
        protocols.initialize(to: cshim_protocols())
        protocols.pointee.count = UInt32(encoded.count)
        withUnsafeMutableBytes(of: &protocols.pointee.bytes) { $0.copyBytes(from: encoded) }
        return (context, protocols)
    }

    private func configure() throws(TLSError) {
        let preference = CipherPreference.ofThisProcessor
        guard cshim_context_set_common(context, TLSLimits.readBufferBytes) == 1,
            SSL_CTX_set_cipher_list(context, preference.suites12) == 1,
            SSL_CTX_set_ciphersuites(context, preference.suites13) == 1
        else { throw .openSSL("set versions and cipher suites") }
    }

    private func believe(_ trust: TLSTrust) throws(TLSError) {
        switch trust.source {
        case .none: return SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        case .system:
            if SSL_CTX_set_default_verify_paths(context) != 1 { throw .openSSL("find the system's authorities") }
        case .file(let file):
            try believe(authorities: PEMFile(path: file, role: "authorities file"), named: "authorities file \(file)")
        case .pem(let pem):
            try believe(authorities: PEMFile(text: pem), named: "authorities")
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }

    private func believe(authorities: borrowing PEMFile, named name: String) throws(TLSError) {
        let certificates = try ServerIdentity.certificates(in: authorities, named: name)
        defer { for certificate in certificates { X509_free(certificate) } }
        let store = SSL_CTX_get_cert_store(context)
        for certificate in certificates where X509_STORE_add_cert(store, certificate) != 1 {
            throw .openSSL("keep an authority")
        }
    }
}
