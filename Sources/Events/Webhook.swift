public import HTTPClient
public import Storage

/// A URL that is told of events.
public struct Webhook: Sendable {
    /// How an event is written.
    public enum Format: String, Sendable, CaseIterable {
        /// CloudEvents 1.0, structured, in JSON.
        case cloudevents
        /// As tusd's HTTP hooks have it.
        case tusd

        /// What can be told in it.
        public var kinds: Set<UploadEvent.Kind> {
            switch self {
            case .cloudevents: Set(UploadEvent.Kind.allCases)
            // Of a damaged upload nobody is told by tusd.
            case .tusd: [.created, .finished, .deleted, .expired]
            }
        }
    }

    /// Where it is told by POST.
    public var url: HTTPURL
    public var format: Format
    /// What it is told of.
    public var kinds: Set<UploadEvent.Kind>
    /// By which its requests are signed, each by all of them; none to sign nothing.
    public var secrets: [WebhookSecret]

    public init(
        url: HTTPURL, format: Format = .cloudevents, kinds: Set<UploadEvent.Kind>? = nil, secrets: [WebhookSecret] = []
    ) {
        self.url = url
        self.format = format
        self.kinds = kinds ?? format.kinds
        self.secrets = secrets
    }

    /// What the catalogue knows of it.
    public var target: EventTarget { EventTarget(name: url.description, kinds: kinds.intersection(format.kinds)) }

    /// What it is called in the log and in metrics: a query may be a secret.
    var name: String { String(url.description.prefix { $0 != "?" }) }
}
