import Synchronization

/// A wall clock that stands still until a test moves it.
public final class MovableClock: Sendable {
    private let now: Mutex<Int64>

    public init(_ seconds: Int64) { now = Mutex(seconds) }

    /// Seconds since 1970-01-01 UTC.
    public var seconds: Int64 {
        get { now.withLock { $0 } }
        set { now.withLock { $0 = newValue } }
    }
}
