internal import CTLSShim
internal import LinuxSystem

/// A certificate with its chain and the private key that belongs to it.
final class ServerIdentity {
    private let certificate: OpaquePointer
    private let key: OpaquePointer
    private let chain: [OpaquePointer]

    /// Takes ownership of all three.
    init(owning certificate: OpaquePointer, key: OpaquePointer, chain: [OpaquePointer] = []) {
        self.certificate = certificate
        self.key = key
        self.chain = chain
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
        for link in chain { X509_free(link) }
    }

    /// Reads a PEM chain (the server's own certificate first) and an unencrypted PEM key.
    ///
    /// - Throws: one line that names the file and what is wrong with it.
    static func read(certificateFile: String, keyFile: String) throws(TLSError) -> ServerIdentity {
        var certificates = try certificates(
            in: PEMFile(path: certificateFile, role: "certificate file"), named: "certificate file \(certificateFile)")
        let key: OpaquePointer
        do throws(TLSError) {
            key = try readKey(keyFile)
        } catch {
            for certificate in certificates { X509_free(certificate) }
            throw error
        }
        let identity = ServerIdentity(owning: certificates.removeFirst(), key: key, chain: certificates)
        if X509_check_private_key(identity.certificate, identity.key) == 1 { return identity }
        if let index = identity.chain.firstIndex(where: { X509_check_private_key($0, identity.key) == 1 }) {
            throw .configuration(
                """
                certificate file \(certificateFile): the server's own certificate, to which the key belongs, is number \
                \(index + 2) in it; it must come first, then the one that signed it, and so on
                """)
        }
        throw .configuration(
            "key file \(keyFile): the key does not belong to the certificate in \(certificateFile)")
    }

    /// All certificates of a PEM text, at least one, owned by the caller.
    static func certificates(
        in pem: borrowing PEMFile, named name: String
    ) throws(TLSError) -> [OpaquePointer] {
        try pem.withReader { (reader) throws(TLSError) in
            var certificates: [OpaquePointer] = []
            ERR_clear_error()
            while let certificate = PEM_read_bio_X509_AUX(reader, nil, nil, nil) { certificates.append(certificate) }
            if cshim_error_is_end_of_pem(ERR_peek_last_error()) != 0, !certificates.isEmpty {
                ERR_clear_error()
                return certificates
            }
            for certificate in certificates { X509_free(certificate) }
            if cshim_error_is_end_of_pem(ERR_peek_last_error()) != 0 {
                throw .configuration("\(name): holds no certificate (no line -----BEGIN CERTIFICATE-----)")
            }
            let queue = ErrorQueue.drained()
            let position = certificates.count + 1
            throw TLSError(
                .configuration, "\(name): certificate \(position) cannot be read: \(queue.reason)",
                details: queue.details)
        }
    }

    private static func readKey(_ path: String) throws(TLSError) -> OpaquePointer {
        let pem = try PEMFile(path: path, role: "key file")
        var passphraseWanted: Int32 = 0
        ERR_clear_error()
        let key = try pem.withReader { (reader) throws(TLSError) in cshim_read_key(reader, &passphraseWanted) }
        if let key { return key }
        if passphraseWanted != 0 {
            throw .configuration(
                "key file \(path): the key is encrypted; decrypt it with: openssl pkey -in ENCRYPTED -out PLAIN")
        }
        if !pem.mentionsPrivateKey {
            throw .configuration("key file \(path): holds no private key (no line -----BEGIN PRIVATE KEY-----)")
        }
        let queue = ErrorQueue.drained()
        throw TLSError(
            .configuration, "key file \(path): the key cannot be read: \(queue.reason)", details: queue.details)
    }

    /// Gives certificate, chain and key to a context, which keeps references of its own.
    ///
    /// - Parameter name: what the certificate is to the operator, for messages.
    func install(in context: OpaquePointer, named name: String) throws(TLSError) {
        ERR_clear_error()
        var done = SSL_CTX_use_certificate(context, certificate) == 1
        for link in chain where done { done = cshim_context_add_chain(context, link) == 1 }
        done = done && SSL_CTX_use_PrivateKey(context, key) == 1
        if !done {
            let queue = ErrorQueue.drained()
            throw TLSError(.configuration, "\(name): cannot be used: \(queue.reason)", details: queue.details)
        }
    }

    /// What clients may ask for that the certificate is good for.
    var names: [String] { CertificateNames(certificate).servedNames }

    /// The kind of its key: a context has room for one of each.
    var keyKind: Int32 { EVP_PKEY_get_base_id(key) }

    /// SHA-256 of the server's own certificate, `AA:BB:…`, 95 characters.
    var fingerprint: String { ServerIdentity.fingerprint(of: certificate) }

    static func fingerprint(of certificate: OpaquePointer) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        precondition(X509_digest(certificate, EVP_sha256(), &bytes, &count) == 1, "SHA-256 is always there")
        let digits = Array("0123456789ABCDEF")
        return bytes[..<Int(count)].map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined(separator: ":")
    }

    /// When the server's own certificate ends, in seconds since 1970-01-01 UTC.
    var expirySeconds: Int64 { ServerIdentity.seconds(X509_get0_notAfter(certificate)) ?? 0 }

    /// When it begins, likewise.
    var startSeconds: Int64 { ServerIdentity.seconds(X509_get0_notBefore(certificate)) ?? .min }

    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, nil, time) == 1 else { return nil }
        return SystemClock.wallNanoseconds / 1_000_000_000 + Int64(days) * 86_400 + Int64(seconds)
    }

    /// The server's own certificate as PEM text.
    var pem: String {
        guard let writer = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(writer) }
        guard PEM_write_bio_X509(writer, certificate) == 1 else { return "" }
        return String(unsafeUninitializedCapacity: BIO_ctrl_pending(writer)) { bytes in
            Int(max(0, BIO_read(writer, bytes.baseAddress, Int32(bytes.count))))
        }
    }
}
