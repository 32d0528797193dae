internal import CEpollShim

/// Memory for one write to the disk: page-aligned, so that direct I/O takes it, with one owner at a time.
///
/// It may move between threads, and whoever owns it may read and write it; that is why it is Sendable although it
/// holds a pointer. The memory goes back to the system with the value; a pool keeps the value to keep the memory.
public struct AlignedBuffer: ~Copyable, @unchecked Sendable {
    /// The first byte. Valid while this value lives; aligned to `alignment`.
    public let memory: UnsafeMutableRawPointer
    /// Size in bytes, a multiple of `alignment`.
    public let count: Int

    /// What direct I/O wants of addresses, offsets and lengths on every common disk, in bytes.
    public static let alignment = 4096

    /// Nil when the system has no memory left. `mmap(2)`
    public init?(count: Int) {
        precondition(count > 0 && count % AlignedBuffer.alignment == 0)
        guard let memory = cshim_map(count) else { return nil }
        self.memory = memory
        self.count = count
    }

    deinit { cshim_unmap(memory, count) }
}
