public import HTTPClient
public import TLS

/// Whom a server tells of events, and how patiently.
public struct DeliveryConfiguration: Sendable {
    /// In the order in which the store has them as targets.
    public var targets: [DeliveryTarget] = []
    /// How long one attempt at a webhook may take, in nanoseconds.
    public var attemptNanoseconds = EventsLimits.attemptNanoseconds
    /// How long a program may run, in nanoseconds.
    public var programNanoseconds = EventsLimits.programNanoseconds
    /// How old an event may be that is tried once more, in milliseconds; nil for any age.
    public var giveUpMilliseconds: Int64? = EventsLimits.giveUpMilliseconds
    /// Whom to believe over https.
    public var trust = TLSTrust.system
    /// By way of whom.
    public var proxies = ProxySettings.none

    public init() {}
}
