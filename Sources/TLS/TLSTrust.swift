/// Which certificates a client believes.
public struct TLSTrust: Equatable, Sendable {
    enum Source: Equatable {
        case system
        case file(String)
        case pem(String)
        case none
    }

    let source: Source

    /// Those of the system's authorities, as OpenSSL was configured (SSL_CERT_FILE and SSL_CERT_DIR count).
    public static let system = TLSTrust(source: .system)

    /// Those of the authorities in this PEM file; a self-signed server certificate is its own authority.
    public static func certificateAuthorities(file: String) -> TLSTrust { TLSTrust(source: .file(file)) }

    /// The same, PEM text given directly.
    public static func certificateAuthorities(pem: String) -> TLSTrust { TLSTrust(source: .pem(pem)) }

    /// Any certificate, for any name: for load tests on loopback.
    public static let none = TLSTrust(source: .none)
}
