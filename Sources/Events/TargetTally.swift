internal import Synchronization

/// What is counted of one target. From any thread.
public final class TargetTally: Sendable {
    /// What it is called.
    public let name: String
    let taken = Atomic<Int64>(0)
    let failed = Atomic<Int64>(0)
    let givenUp = Atomic<Int64>(0)
    /// Milliseconds since 1970-01-01 UTC, 0 without an event.
    let oldest = Atomic<Int64>(0)
    let hasEnded = Atomic<Bool>(false)

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
    /// Whether it wants nothing more.
    public var isEnded: Bool { hasEnded.load(ordering: .relaxed) }
}
