internal import CEpollShim
internal import Synchronization

/// Unguessable bytes from the kernel. `getrandom(2)`
public enum Randomness {
    /// Words that were drawn together. Each is given out once, and kept nowhere.
    private struct Drawn: ~Copyable {
        /// 256 bytes: so many come in one piece, which no signal interrupts.
        var words = InlineArray<32, UInt64>(repeating: 0)
        var left = 0

        mutating func next() -> UInt64 {
            if left == 0 {
                let bytes = words.count * MemoryLayout<UInt64>.size
                while withUnsafeMutableBytes(of: &words, { cshim_random($0.baseAddress, bytes) }) != bytes {}
                left = words.count
            }
            left -= 1
            defer { words[left] = 0 }
            return words[left]
        }
    }

    private static let drawn = Mutex(Drawn())

    /// Sixty-four bits; never fails once the system has booted. From any thread; one call in many asks the kernel.
    public static func word() -> UInt64 { drawn.withLock { $0.next() } }
}
