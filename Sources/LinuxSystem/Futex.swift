internal import CEpollShim
public import Synchronization

/// Puts a thread to sleep on a word of memory, and wakes it. `futex(2)`
public enum Futex {
    /// Sleeps while `word` holds `expected`. May return early; the caller checks again.
    public static func wait(_ word: borrowing Atomic<UInt32>, while expected: UInt32) {
        withUnsafePointer(to: word) { _ = cshim_futex_wait($0, expected) }
    }

    /// Like `wait`, and returns after `nanosecondsMax` at the latest.
    public static func wait(_ word: borrowing Atomic<UInt32>, while expected: UInt32, nanosecondsMax: Int64) {
        withUnsafePointer(to: word) { _ = cshim_futex_wait_timed($0, expected, nanosecondsMax) }
    }

    /// Wakes up to `count` threads that sleep on `word`.
    public static func wake(_ word: borrowing Atomic<UInt32>, count: Int32) {
        withUnsafePointer(to: word) { _ = cshim_futex_wake($0, count) }
    }
}
