public import ArgumentParser
public import NIOSSL

/// The command line that both servers have.
public struct PeerOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("Listen on this port of 127.0.0.1.", valueName: "port"))
    public var port: Int

    @Option(help: ArgumentHelp("Certificate chain in PEM; with it the port speaks TLS.", valueName: "file"))
    public var cert: String?

    @Option(help: ArgumentHelp("Its private key in PEM.", valueName: "file"))
    public var key: String?

    @Option(help: ArgumentHelp("Files are written here.", valueName: "dir"))
    public var data: String

    public init() {}

    /// TLS 1.3 only, as the other servers of the comparison; nil where there is no certificate.
    public func tls() throws -> TLSConfiguration? {
        guard let cert, let key else { return nil }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(cert).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }
}
