internal import LinuxSystem
internal import Synchronization

/// What is counted of one target. From any thread.
public final class TargetTally: Sendable {
    /// An attempt that failed.
    public struct Failure: Sendable {
        /// On one line, without secrets.
        public let reason: String
        /// When, in milliseconds since 1970-01-01 UTC.
        public let milliseconds: Int64
    }

    /// What it is called.
    public let name: String
    let taken = Atomic<Int64>(0)
    let failed = Atomic<Int64>(0)
    let givenUp = Atomic<Int64>(0)
    /// Milliseconds since 1970-01-01 UTC, 0 without an event.
    let oldest = Atomic<Int64>(0)
    let hasEnded = Atomic<Bool>(false)
    private let failure = Mutex<Failure?>(nil)

    init(name: String) { self.name = name }

    /// Events that it has taken.
    public var takenCount: Int64 { taken.load(ordering: .relaxed) }
    /// Attempts that failed.
    public var failedCount: Int64 { failed.load(ordering: .relaxed) }
    /// Events that it was not told of, after many attempts.
    public var givenUpCount: Int64 { givenUp.load(ordering: .relaxed) }
    /// When its oldest waiting event became true, in milliseconds since 1970-01-01 UTC; nil without one.
    public var oldestMilliseconds: Int64? {
        let milliseconds = oldest.load(ordering: .relaxed)
        return milliseconds == 0 ? nil : milliseconds
    }
    /// The last attempt that failed, since the start.
    public var lastFailure: Failure? { failure.withLock { $0 } }

    func fail(_ reason: String) {
        let failed = Failure(reason: reason, milliseconds: SystemClock.wallNanoseconds / 1_000_000)
        failure.withLock { $0 = failed }
    }

    /// Whether it wants nothing more.
    public var isEnded: Bool { hasEnded.load(ordering: .relaxed) }
}
