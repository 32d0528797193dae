/// Which name of a client's certificate is its owner's. The raw value is what an option says.
public enum CertificateName: String, Sendable, CaseIterable {
    /// The subject's common name.
    case cn
    /// The first alternative name of the kind.
    case dns
    case email
    case uri
}
