internal import CZlibShim
internal import HTTP
internal import LinuxSystem
internal import TLS

/// What the tus extension calls a checksum algorithm.
public enum Checksum: String, CaseIterable, Sendable {
    case sha1
    case sha256
    case sha512
    case md5
    case crc32
    case crc32c

    /// The value of `Upload-Checksum` for the bytes of `file` in `range`.
    func field(of file: some SeekableBytes, _ range: Range<Int64>) throws(AttemptError) -> String {
        "\(rawValue) \(Base64.encode(try digest(of: file, range)))"
    }

    private func digest(of file: some SeekableBytes, _ range: Range<Int64>) throws(AttemptError) -> [UInt8] {
        switch self {
        case .sha1: return try digest(.sha1, file, range)
        case .sha256: return try digest(.sha256, file, range)
        case .sha512: return try digest(.sha512, file, range)
        case .md5: return try digest(.md5, file, range)
        case .crc32, .crc32c:
            var crc: UInt32 = 0
            try Checksum.forEachPiece(of: file, range) { bytes in
                crc =
                    self == .crc32
                    ? cshim_crc32(crc, bytes.baseAddress, bytes.count)
                    : cshim_crc32c(crc, bytes.baseAddress, bytes.count)
            }
            return (0..<4).map { UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * $0)) }
        }
    }

    private func digest(
        _ algorithm: Digest.Algorithm, _ file: some SeekableBytes, _ range: Range<Int64>
    ) throws(AttemptError) -> [UInt8] {
        guard var digest = Digest(algorithm) else {
            throw .local("this system's policy does not allow \(rawValue)")
        }
        try Checksum.forEachPiece(of: file, range) { digest.update($0) }
        return digest.finish()
    }

    private static func forEachPiece(
        of file: some SeekableBytes, _ range: Range<Int64>, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(AttemptError) {
        guard let buffer = AlignedBuffer(count: ClientLimits.readBytes) else { throw .local("no memory") }
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(Int64(buffer.count), range.upperBound - position))
            try file.bytes(into: buffer.memory, count: count, at: position)
            body(UnsafeRawBufferPointer(start: buffer.memory, count: count))
            position += Int64(count)
        }
    }
}
