internal import HTTPClient
internal import TLS

/// A request's content that is a text.
final class TextBytes: RequestContent {
    private let bytes: [UInt8]
    /// SHA-256 of it.
    let digest: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
        digest = Digest.sha256(bytes)
    }

    var count: Int64 { Int64(bytes.count) }

    func read(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) {
        bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            memory.copyMemory(from: start + Int(offset), byteCount: count)
        }
    }
}
