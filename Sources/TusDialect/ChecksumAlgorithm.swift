/// How a checksum over one request's body is computed. The raw value is the name on the wire.
public enum ChecksumAlgorithm: String, CaseIterable, Sendable {
    case sha1
    case sha256
    case sha512
    case md5
    /// The CRC of zlib and Ethernet.
    case crc32
    /// Castagnoli's polynomial.
    case crc32c

    /// Bytes of a digest. Those of a CRC stand with the most significant one first.
    public var digestBytes: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        case .md5: 16
        case .crc32, .crc32c: 4
        }
    }
}
