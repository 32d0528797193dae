public import HTTPClient
public import Storage
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
    /// Who brings finished files elsewhere before anybody is told of them; nil where they stay.
    public var carrier: (any FileCarrier)?
    /// Whether files stay here that were brought elsewhere.
    public var keepsPlaced = false
    /// By way of whom.
    public var proxies = ProxySettings.none

    public init() {}

    /// What the store keeps events for.
    public var stored: [EventTarget] { targets.map(\.target) + (carrier == nil ? [] : [.place]) }

    /// The carrier as a target of its own, which is tried for ever; nil where there is none.
    var carrying: DeliveryConfiguration? {
        guard let carrier else { return nil }
        var carrying = self
        carrying.targets = [.place(carrier)]
        carrying.giveUpMilliseconds = nil
        return carrying
    }
}
