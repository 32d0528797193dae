internal import CEpollShim

/// Unguessable bytes from the kernel. `getrandom(2)`
public enum Randomness {
    /// Sixty-four bits; never fails once the system has booted.
    public static func word() -> UInt64 {
        var word: UInt64 = 0
        while withUnsafeMutableBytes(of: &word, { cshim_random($0.baseAddress, $0.count) }) != 8 {}
        return word
    }
}
