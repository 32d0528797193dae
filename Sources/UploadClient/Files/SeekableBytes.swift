internal import HTTPClient

/// Bytes that can be read again at any offset.
protocol SeekableBytes: RequestContent {
    /// Fills `memory` with the `count` bytes at `offset`.
    func bytes(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) throws(AttemptError)
}

extension SeekableBytes {
    /// The same, for a request.
    func read(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) throws {
        try bytes(into: memory, count: count, at: offset)
    }
}
