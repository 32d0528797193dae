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
    // Sendable is unchecked for these pointers alone, those of `names` among them. An SSL_CTX counts its references
    // atomically, locks what it changes, and is never configured after init; the protocols are only read after init.
    private let context: OpaquePointer
    private let protocols: UnsafeMutablePointer<cshim_protocols>
    /// Whether a client keeps tickets.
    let resumes: Bool
    /// A client's tickets, by the server's name, the newest last: as many as it has connections side by side.
    private let tickets = Mutex<[String: [Resumption]]>([:])

    /// Of a server with several certificates, the contexts by name; this one's `context` is for all other names.
    private let names: ServerNames?

    /// The server's certificates, in the order of the files; none of a client.
    public let certificates: [CertificateFacts]

    /// What those are called that no client ever sees, since others are for their names.
    public let idleCertificates: [String]

    /// The first of them as PEM text, for clients that are to believe it. Empty for a client.
    public let certificatePEM: String

    /// Whether a server asks its clients for certificates.
    let asksClients: Bool

    /// SHA-256 of the first certificate. Empty for a client.
    public var certificateFingerprint: String { certificates.first?.fingerprint ?? "" }

    /// When the first of the certificates ends, in seconds since 1970-01-01 UTC. `.max` for a client.
    public var certificateExpirySeconds: Int64 { certificates.map(\.expirySeconds).min() ?? .max }

    /// A context for servers with certificates from files. The first is shown to whoever asks for no name, or for one
    /// that no certificate has; of those with one name each kind of key has its place.
    ///
    /// - Parameters:
    ///   - certificates: at least one.
    ///   - clients: whose certificates clients may, or must, show; nil to ask for none.
    ///   - applicationProtocols: ALPN names, best first. The client's order does not count; a client that offers
    ///     others only is refused by an alert (RFC 7301 section 3.2), one that offers nothing is served.
    /// - Throws: `.configuration` with one line for the operator that names the file and what is wrong with it.
    public static func server(
        certificates: [CertificateFiles], clients: ClientAuthorities? = nil, applicationProtocols: [String]
    ) throws(TLSError) -> TLSContext {
        var identities: [(identity: ServerIdentity, name: String)] = []
        for files in certificates {
            let identity = try ServerIdentity.read(certificateFile: files.certificateFile, keyFile: files.keyFile)
            identities.append((identity, "certificate file \(files.certificateFile)"))
        }
        return try TLSContext(identities, clients: clients, protocols: applicationProtocols)
    }

    /// The same with one certificate.
    public static func server(
        certificateFile: String, keyFile: String, applicationProtocols: [String]
    ) throws(TLSError) -> TLSContext {
        try server(
            certificates: [CertificateFiles(certificateFile: certificateFile, keyFile: keyFile)],
            applicationProtocols: applicationProtocols)
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
            [(.selfSigned(names: names), "self-signed certificate")], clients: nil, protocols: applicationProtocols)
    }

    /// A context for clients. Unless `trust` is `.none`, the server's certificate must be believed and be for the name
    /// that the session asks for.
    ///
    /// - Parameters:
    ///   - applicationProtocols: ALPN names to offer, best first; empty to offer none.
    ///   - resumes: whether a session makes the next one with its server cheaper.
    /// - Throws: `.configuration` where the authorities cannot be read.
    public static func client(
        trust: TLSTrust, applicationProtocols: [String], resumes: Bool = false
    ) throws(TLSError) -> TLSContext {
        try TLSContext(trust: trust, protocols: applicationProtocols, onlyVersion: nil, resumes: resumes)
    }

    private init(
        _ all: [(identity: ServerIdentity, name: String)], clients: ClientAuthorities?,
        protocols protocolNames: [String]
    ) throws(TLSError) {
        precondition(!all.isEmpty, "a server has a certificate")
        resumes = false
        asksClients = clients != nil
        certificates = all.map { CertificateFacts($0.identity, name: $0.name) }
        certificatePEM = all[0].identity.pem
        let choice = CertificateChoice(all.map { ($0.identity.names, $0.identity.keyKind) })
        let shown = Set(choice.byName.values.joined()).union(choice.standard)
        idleCertificates = all.indices.filter { !shown.contains($0) }.map { all[$0].name }
        let protocols = try TLSContext.encoded(protocolNames)
        self.protocols = protocols
        var made: [[Int]: OpaquePointer] = [:]
        do throws(TLSError) {
            for indices in Set(choice.byName.values).union([choice.standard]) {
                made[indices] = try TLSContext.server(indices.map { all[$0] }, clients, protocols)
            }
        } catch {
            for context in made.values { SSL_CTX_free(context) }
            protocols.deallocate()
            throw error
        }
        let standard = made.removeValue(forKey: choice.standard)!
        context = standard
        if all.count == 1 {
            names = nil
        } else {
            let names = ServerNames(
                owning: Array(made.values), byName: choice.byName.mapValues { made[$0] ?? standard })
            names.attach(to: standard)
            self.names = names
        }
    }

    /// A context with a certificate of each kind of key, owned by the caller.
    private static func server(
        _ identities: [(identity: ServerIdentity, name: String)], _ clients: ClientAuthorities?,
        _ protocols: UnsafeMutablePointer<cshim_protocols>
    ) throws(TLSError) -> OpaquePointer {
        let context = try allocated(method: TLS_server_method())
        do throws(TLSError) {
            try configure(context)
            cshim_context_prefer_own_order(context)
            if cshim_context_set_groups(context, TLSLimits.groups) != 1 { throw .openSSL("set the key exchanges") }
            for (identity, name) in identities { try identity.install(in: context, named: name) }
            if let clients {
                let name = "authorities file \(clients.file)"
                try believe(
                    context, authorities: PEMFile(path: clients.file, role: "authorities file"), named: name,
                    tellsClients: true)
                SSL_CTX_set_verify(
                    context, SSL_VERIFY_PEER | (clients.areRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nil)
            }
            // Tickets are refused across contexts that differ here; within one process all share it.
            let identifier = Array("sluice".utf8)
            guard SSL_CTX_set_session_id_context(context, identifier, UInt32(identifier.count)) == 1,
                SSL_CTX_set_num_tickets(context, TLSLimits.tickets) == 1
            else { throw .openSSL("set up tickets") }
            if protocols.pointee.count > 0 { cshim_context_select_protocols(context, protocols) }
            return context
        } catch {
            SSL_CTX_free(context)
            throw error
        }
    }

    /// - Parameter onlyVersion: for tests, the one version to offer.
    init(
        trust: TLSTrust, protocols protocolNames: [String], onlyVersion: TLSVersion?, resumes: Bool = false
    ) throws(TLSError) {
        self.resumes = resumes
        asksClients = false
        certificates = []
        idleCertificates = []
        certificatePEM = ""
        names = nil
        protocols = try TLSContext.encoded(protocolNames)
        do throws(TLSError) {
            context = try TLSContext.allocated(method: TLS_client_method())
        } catch {
            protocols.deallocate()
            throw error
        }
        try TLSContext.configure(context)
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

    /// Why clients that verify would refuse one of the certificates at this time: `certificate file a.pem: the
    /// certificate has expired`; nil where the time of each has come and is not over.
    public var validityFault: String? { certificates.lazy.compactMap(\.validityFault).first }

    /// What an earlier session with this server has left, for one use: a ticket that is used twice lets onlookers tell
    /// that both come from the same client (RFC 8446 appendix C.4).
    func takeTicket(for serverName: String) -> Resumption? {
        tickets.withLock { $0[serverName]?.popLast() }
    }

    /// Keeps a ticket for the next session with this server.
    func keep(_ ticket: Resumption, for serverName: String) {
        tickets.withLock { tickets in
            if tickets[serverName] == nil, tickets.count >= TLSLimits.ticketedServersMax { tickets.removeAll() }
            var kept = tickets.removeValue(forKey: serverName) ?? []
            if kept.count >= TLSLimits.ticketsPerServerMax { kept.removeFirst() }
            kept.append(ticket)
            tickets[serverName] = kept
        }
    }

    /// A new session, owned by the caller, that refers to this context: it must not outlive it.
    func makeSession() throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        guard let session = SSL_new(context) else { throw .openSSL("make a session") }
        return session
    }

    private static func allocated(method: OpaquePointer?) throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = SSL_CTX_new(method) else { throw .openSSL("make a context") }
        return context
    }

    /// Owned by the caller.
    private static func encoded(_ names: [String]) throws(TLSError) -> UnsafeMutablePointer<cshim_protocols> {
        let encoded = try ApplicationProtocols.encoded(names)
        let protocols = UnsafeMutablePointer<cshim_protocols>.allocate(capacity: 1)
        protocols.initialize(to: cshim_protocols())
        protocols.pointee.count = UInt32(encoded.count)
        withUnsafeMutableBytes(of: &protocols.pointee.bytes) { $0.copyBytes(from: encoded) }
        return protocols
    }

    private static func configure(_ context: OpaquePointer) throws(TLSError) {
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
            try TLSContext.believe(
                context, authorities: PEMFile(path: file, role: "authorities file"), named: "authorities file \(file)")
        case .pem(let pem):
            try TLSContext.believe(context, authorities: PEMFile(text: pem), named: "authorities")
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }

    /// - Parameter tellsClients: whether a server names these authorities to its clients, so that they know which
    ///   certificate is wanted.
    private static func believe(
        _ context: OpaquePointer, authorities: borrowing PEMFile, named name: String, tellsClients: Bool = false
    ) throws(TLSError) {
        let certificates = try ServerIdentity.certificates(in: authorities, named: name)
        defer { for certificate in certificates { X509_free(certificate) } }
        let store = SSL_CTX_get_cert_store(context)
        for certificate in certificates {
            guard X509_STORE_add_cert(store, certificate) == 1,
                !tellsClients || SSL_CTX_add_client_CA(context, certificate) == 1
            else { throw .openSSL("keep an authority") }
        }
    }
}
