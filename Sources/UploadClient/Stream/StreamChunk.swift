internal import LinuxSystem

/// A piece of a stream that stays in memory until the server has it, so that it can be sent again.
final class StreamChunk: Sendable, SeekableBytes {
    /// Where it stands in the stream, in bytes.
    let range: Range<Int64>
    /// Whether the stream ends with it.
    let isLast: Bool
    private let buffer: AlignedBuffer

    init(_ buffer: consuming AlignedBuffer, at start: Int64, count: Int, isLast: Bool) {
        self.buffer = buffer
        range = start..<start + Int64(count)
        self.isLast = isLast
    }

    func bytes(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) throws(AttemptError) {
        guard offset >= range.lowerBound, offset + Int64(count) <= range.upperBound else {
            throw .local("bytes were asked for that are gone")
        }
        memory.copyMemory(from: buffer.memory + Int(offset - range.lowerBound), byteCount: count)
    }
}
