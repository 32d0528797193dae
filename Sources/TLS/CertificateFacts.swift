internal import LinuxSystem

/// What is to be known of a server's certificate.
public struct CertificateFacts: Hashable, Sendable {
    /// What it is to its operator: `certificate file chain.pem`.
    public let name: String
    /// SHA-256 as `AA:BB:…`, what `openssl x509 -fingerprint -sha256` prints.
    public let fingerprint: String
    /// When it begins, in seconds since 1970-01-01 UTC.
    public let startSeconds: Int64
    /// When it ends, likewise.
    public let expirySeconds: Int64

    init(_ identity: ServerIdentity, name: String) {
        self.name = name
        fingerprint = identity.fingerprint
        startSeconds = identity.startSeconds
        expirySeconds = identity.expirySeconds
    }

    /// Why clients that verify would refuse it at this time; nil where its time has come and is not over.
    var validityFault: String? {
        let now = SystemClock.wallNanoseconds / 1_000_000_000
        if expirySeconds <= now { return "\(name): the certificate has expired" }
        return startSeconds > now ? "\(name): the certificate is not valid yet" : nil
    }
}
