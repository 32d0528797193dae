internal import LinuxSystem
internal import Reactor
internal import TLS

/// What the server shows to clients that come over TLS.
enum Credentials: Sendable {
    /// Certificate and key in files, which may be replaced while the server runs.
    case files(CertificateSource)
    /// Made at the start, for this machine only.
    case selfSigned(TLSContext)

    /// By ALPN, the one that is liked more first. Who names none of them is sent away (RFC 7301 section 3.2), who
    /// names none at all is not.
    private static func protocols(_ configuration: ServerConfiguration) -> [String] {
        (configuration.allowsHTTP2 ? ["h2"] : []) + ["http/1.1", "http/1.0"]
    }

    /// For the next connection.
    var current: TLSContext {
        switch self {
        case .files(let source): source.current
        case .selfSigned(let context): context
        }
    }

    /// Where there may be something to read anew.
    var source: CertificateSource? {
        if case .files(let source) = self { return source }
        return nil
    }

    /// - Parameter places: where clients come in.
    static func read(_ configuration: ServerConfiguration, for places: [ListeningPlace]) throws(ServerError)
        -> Credentials?
    {
        let encrypted = places.filter { $0.kind == .https }
        if encrypted.isEmpty { return nil }
        for address in encrypted.compactMap(\.address)
        where configuration.certificates.isEmpty && !address.isLoopback {
            // By the option as it was given: nobody has asked for the port that the system has drawn.
            let told = configuration.listenTLS.first { !$0.isLoopback } ?? address
            throw .configuration(
                """
                --listen-tls \(told): serving TLS beyond this machine takes a certificate. Give --tls-cert and \
                --tls-key (PEM files; an ACME client such as certbot makes them), or switch TLS off with \
                --listen-tls ''.
                """)
        }
        let protocols = Credentials.protocols(configuration)
        do throws(TLSError) {
            if !configuration.certificates.isEmpty {
                return .files(
                    try CertificateSource(
                        configuration.certificates, clients: configuration.clientAuthorities,
                        applicationProtocols: protocols))
            }
            return .selfSigned(
                try TLSContext.selfSigned(
                    names: ["localhost", "127.0.0.1", "::1"], applicationProtocols: protocols))
        } catch {
            throw .configuration("\(option(of: error, configuration)): \(error)")
        }
    }

    /// By which option the file came that cannot be used.
    private static func option(of error: TLSError, _ configuration: ServerConfiguration) -> String {
        let text = error.description.utf8
        if let file = configuration.clientAuthorities?.file, text.starts(with: "authorities file \(file)".utf8) {
            return "--tls-client-ca"
        }
        return text.starts(with: "key file".utf8) ? "--tls-key" : "--tls-cert"
    }
}
