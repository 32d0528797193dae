public import HTTP

/// The refusal of an application that was asked: what it said, as far as it is for clients whatever was asked.
public struct ApplicationRefusal: Equatable, Sendable {
    private let status: Status
    private let challenge: String?
    private let retryAfter: String?
    private let contentType: String?
    private let text: String?

    /// - Parameters:
    ///   - status: 3xx or 4xx.
    ///   - content: of the answer; nil for one that was too long. What is no text is left out.
    public init(_ status: Status, _ fields: FieldSection, content: [UInt8]?) {
        self.status = status
        challenge = fields.text(ApplicationRefusal.challengeField)
        retryAfter = fields.values(ApplicationRefusal.retryField).first
        let text = content.flatMap { $0.isEmpty ? nil : String(validating: $0, as: UTF8.self) }
        self.text = text
        contentType = text == nil ? nil : fields.values(.contentType).first
    }

    /// The answer to the client.
    ///
    /// - Parameters:
    ///   - message: where the application gave no text.
    ///   - fields: what else goes along.
    public func refusal(
        code: String, _ message: String, fields more: [(name: StaticString, value: String)] = []
    ) -> Refusal {
        var fields: [(name: StaticString, value: String)] = []
        if let challenge {
            fields.append(("WWW-Authenticate", challenge))
        } else if status == .unauthorized {
            // Such an answer has one (RFC 9110 15.5.2).
            fields.append(("WWW-Authenticate", "Bearer realm=\"sluice\""))
        }
        if let retryAfter { fields.append(("Retry-After", retryAfter)) }
        if let contentType { fields.append(("Content-Type", contentType)) }
        return Refusal(status, code: code, message, body: text, fields: fields + more)
    }

    private static let challengeField = FieldName("www-authenticate")
    private static let retryField = FieldName("retry-after")
}
