public import LinuxSystem

/// What a read brought.
public struct FilledBuffer: ~Copyable, Sendable {
    /// Bytes read, from the start of the buffer on.
    public let count: Int
    /// Why nothing was read, or nil.
    public let failure: StorageError?
    private let buffer: AlignedBuffer

    init(_ buffer: consuming AlignedBuffer, count: Int, failure: StorageError?) {
        self.buffer = buffer
        self.count = count
        self.failure = failure
    }

    /// Hands the buffer back to its owner.
    public consuming func takeBuffer() -> AlignedBuffer { buffer }
}
