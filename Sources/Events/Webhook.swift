public import HTTPClient
public import Storage

/// A URL that is told of events.
public struct Webhook: Sendable {
    /// Where it is told by POST.
    public var url: HTTPURL
    /// How it is told.
    public var format: EventFormat
    /// What it is told of.
    public var kinds: Set<UploadEvent.Kind>
    /// By which its requests are signed, each by all of them; none to sign nothing.
    public var secrets: [WebhookSecret]

    public init(
        url: HTTPURL, format: EventFormat = .cloudevents, kinds: Set<UploadEvent.Kind>? = nil,
        secrets: [WebhookSecret] = []
    ) {
        self.url = url
        self.format = format
        self.kinds = kinds ?? format.kinds
        self.secrets = secrets
    }
}
