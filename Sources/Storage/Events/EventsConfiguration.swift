/// Whom a store keeps events for, and how many.
public struct EventsConfiguration: Sendable {
    /// What happens when so many events wait as may.
    public enum WhenFull: Sendable {
        /// No upload begins until some are told: what has begun goes on.
        case refuse
        /// The oldest are dropped, for all targets.
        case dropOldest
    }

    /// Each gets every event of its kinds; without any, none is written.
    public var targets: [EventTarget] = []
    /// Events that may wait; uploads that have begun may add a few more each.
    public var eventsMax = 1_000_000
    /// What happens then.
    public var whenFull = WhenFull.refuse

    public init() {}
}
