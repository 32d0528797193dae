/// Who a client is by its certificate, which an authority of `ClientAuthorities` has signed. Immutable.
public final class ClientCertificate: Sendable {
    /// The last common name of its subject.
    public let commonName: String?
    /// Its alternative names, as they stand there.
    public let dnsNames: [String]
    /// E-mail addresses among them.
    public let emails: [String]
    /// URIs among them, as SPIFFE has them.
    public let uris: [String]
    /// SHA-256 as `AA:BB:…`.
    public let fingerprint: String
    /// The first second in which it counts no more, since 1970-01-01 UTC. Connections and tickets outlive it: whoever
    /// goes by it looks each time.
    public let expirySeconds: Int64

    init(names: CertificateNames, fingerprint: String, expirySeconds: Int64) {
        commonName = names.commonName
        dnsNames = names.dnsNames
        emails = names.emails
        uris = names.uris
        self.fingerprint = fingerprint
        self.expirySeconds = expirySeconds
    }
}
