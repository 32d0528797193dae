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

    init(names: CertificateNames, fingerprint: String) {
        commonName = names.commonName
        dnsNames = names.dnsNames
        emails = names.emails
        uris = names.uris
        self.fingerprint = fingerprint
    }
}
