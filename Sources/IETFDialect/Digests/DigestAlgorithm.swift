/// The digests of the registry of RFC 9530 section 7.2 that this server checks.
public enum DigestAlgorithm: Sendable, CaseIterable {
    case sha256
    case sha512
    /// SHA-1 and MD5 are deprecated there: good against an accident, not against an attacker. They are checked where a
    /// client sends nothing better, and never computed for an answer.
    case sha
    case md5

    /// The key in a field.
    public var key: String {
        switch self {
        case .sha256: "sha-256"
        case .sha512: "sha-512"
        case .sha: "sha"
        case .md5: "md5"
        }
    }

    /// Bytes of a digest.
    public var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        case .sha: 20
        case .md5: 16
        }
    }

    /// Whether it may be put into an answer.
    var isActive: Bool { self == .sha256 || self == .sha512 }
}
