internal import HTTP

/// What every answer says under one configuration, whatever it answers: `AnswerHead` sets these.
struct AnswerFields: Sendable {
    typealias Field = (name: StaticString, value: String)

    private let plain: [Field]
    private let encrypted: [Field]

    init(_ configuration: ServerConfiguration) {
        let plain: [Field] = []
        var encrypted = plain
        // Browsers believe it over TLS alone (RFC 6797 8.1).
        if let seconds = configuration.strictTransportSeconds {
            encrypted.append(("Strict-Transport-Security", "max-age=\(seconds)"))
        }
        self.plain = plain
        self.encrypted = encrypted
    }

    /// Those of answers that leave by a listener of this kind.
    subscript(_ listenerKind: ListenerKind) -> [Field] { listenerKind == .https ? encrypted : plain }
}
