internal import HTTPClient

/// A request's content that is in memory.
final class BytesContent: RequestContent {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) {
        bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            memory.copyMemory(from: start + Int(offset), byteCount: count)
        }
    }
}
