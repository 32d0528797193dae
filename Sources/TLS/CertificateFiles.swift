/// Where a server's certificate is.
public struct CertificateFiles: Hashable, Sendable {
    /// PEM, the server's own certificate first, then the intermediate ones.
    public let certificateFile: String
    /// Its private key in PEM, not encrypted; may be the same file.
    public let keyFile: String

    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
