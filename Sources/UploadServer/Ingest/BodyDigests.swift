internal import CZlibShim
internal import TLS

/// Digests of a body, computed piece by piece while it streams by. Confined to its connection's loop.
final class BodyDigests {
    /// What can be computed. Dialects have names of their own for these.
    enum Algorithm: CaseIterable {
        case sha1, sha256, sha512, md5, crc32, crc32c

        /// Whether the system allows it: policy may forbid the old ones.
        var isAvailable: Bool {
            switch self {
            case .sha1: Digest.Algorithm.sha1.isAvailable
            case .sha256: Digest.Algorithm.sha256.isAvailable
            case .sha512: Digest.Algorithm.sha512.isAvailable
            case .md5: Digest.Algorithm.md5.isAvailable
            case .crc32, .crc32c: true
            }
        }
    }

    private var sha1: Digest?
    private var sha256: Digest?
    private var sha512: Digest?
    private var md5: Digest?
    private var crc32: UInt32?
    private var crc32c: UInt32?

    /// - Parameter algorithms: available ones; dialects ask for no other.
    init(_ algorithms: [Algorithm]) {
        sha1 = algorithms.contains(.sha1) ? Digest(.sha1) : nil
        sha256 = algorithms.contains(.sha256) ? Digest(.sha256) : nil
        sha512 = algorithms.contains(.sha512) ? Digest(.sha512) : nil
        md5 = algorithms.contains(.md5) ? Digest(.md5) : nil
        crc32 = algorithms.contains(.crc32) ? 0 : nil
        crc32c = algorithms.contains(.crc32c) ? 0 : nil
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        sha1?.update(bytes)
        sha256?.update(bytes)
        sha512?.update(bytes)
        md5?.update(bytes)
        if let crc = crc32 { crc32 = cshim_crc32(crc, bytes.baseAddress, bytes.count) }
        if let crc = crc32c { crc32c = cshim_crc32c(crc, bytes.baseAddress, bytes.count) }
    }

    /// The digests of all that came; a CRC with its most significant byte first. Once.
    func finish() -> [Algorithm: [UInt8]] {
        var digests: [Algorithm: [UInt8]] = [:]
        if let digest = sha1.take() { digests[.sha1] = digest.finish() }
        if let digest = sha256.take() { digests[.sha256] = digest.finish() }
        if let digest = sha512.take() { digests[.sha512] = digest.finish() }
        if let digest = md5.take() { digests[.md5] = digest.finish() }
        if let crc32 { digests[.crc32] = BodyDigests.bytes(crc32) }
        if let crc32c { digests[.crc32c] = BodyDigests.bytes(crc32c) }
        return digests
    }

    private static func bytes(_ crc: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * $0)) }
    }
}
