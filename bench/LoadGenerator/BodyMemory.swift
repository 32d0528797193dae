internal import LinuxSystem

/// The bytes that bodies are made of: pseudo-random, made once, read by all threads. A body longer than the memory
/// repeats it.
final class BodyMemory: Sendable {
    private let buffer: AlignedBuffer

    /// - Throws: where the system has no memory left.
    init(seed: UInt64) throws(LoadError) {
        guard let buffer = AlignedBuffer(count: LoadLimits.bodyMemoryBytes) else {
            throw LoadError("no memory for the bodies")
        }
        var generator = SplitMix(seed: seed)
        for offset in stride(from: 0, to: buffer.count, by: 8) {
            buffer.memory.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
        }
        self.buffer = buffer
    }

    /// Bytes of a body from `position` on, as many as lie in a row.
    func bytes(at position: Int64) -> UnsafeRawBufferPointer {
        let start = Int(position % Int64(buffer.count))
        return UnsafeRawBufferPointer(start: buffer.memory + start, count: buffer.count - start)
    }
}
