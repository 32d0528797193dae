internal import HTTPClient
public import Storage

/// Somebody who is told of events.
public enum DeliveryTarget: Sendable {
    case webhook(Webhook)
    case program(Program)
    /// Finished files go there before anybody is told of them.
    case place(any FileCarrier)

    /// What the catalogue knows of it.
    public var target: EventTarget {
        switch self {
        case .webhook(let webhook):
            EventTarget(name: webhook.url.description, kinds: webhook.kinds.intersection(webhook.format.kinds))
        case .program(let program):
            EventTarget(name: "exec:\(program.path)", kinds: program.kinds.intersection(program.format.kinds))
        case .place: .place
        }
    }

    /// What it is called in the log and in metrics: a query may be a secret.
    var name: String {
        switch self {
        case .webhook(let webhook): webhook.url.withoutQuery
        case .program(let program): program.path
        case .place(let carrier): carrier.name
        }
    }

    /// How many attempts are on their way at once.
    var attemptsMax: Int {
        switch self {
        case .webhook: EventsLimits.requestsMax
        case .program: EventsLimits.programsMax
        case .place: EventsLimits.filesMax
        }
    }
}
