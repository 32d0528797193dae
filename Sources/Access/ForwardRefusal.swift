internal import HTTP

/// What a client is told whose request the application refuses: what the application said, as far as it is for clients.
public struct ForwardRefusal: Equatable, Sendable {
    private let status: Status
    private let challenge: String?
    private let location: String?
    private let retryAfter: String?
    private let contentType: String?
    private let text: String?
    private var cookies: [String]

    /// - Parameters:
    ///   - status: 3xx or 4xx.
    ///   - content: of the answer; what is no text is left out.
    init(_ status: Status, _ fields: FieldSection, content: [UInt8]) {
        self.status = status
        challenge = fields.text(ForwardRefusal.challengeField)
        location = fields.values(ForwardRefusal.locationField).first
        retryAfter = fields.values(ForwardRefusal.retryField).first
        cookies = fields.values(ForwardRefusal.cookieField)
        let type = fields.values(.contentType).first
        let text = type == nil || content.isEmpty ? nil : String(validating: content, as: UTF8.self)
        self.text = text
        contentType = text == nil ? nil : type
    }

    /// The same for whoever else waited for it: cookies are for the one whose request was asked about.
    public var forOthers: ForwardRefusal {
        var other = self
        other.cookies = []
        return other
    }

    /// The answer.
    var refusal: Refusal {
        var fields: [(name: StaticString, value: String)] = []
        if let challenge {
            fields.append(("WWW-Authenticate", challenge))
        } else if status == .unauthorized {
            // Such an answer has one (RFC 9110 15.5.2).
            fields.append(("WWW-Authenticate", "Bearer realm=\"sluice\""))
        }
        if let location { fields.append(("Location", location)) }
        if let retryAfter { fields.append(("Retry-After", retryAfter)) }
        if let contentType { fields.append(("Content-Type", contentType)) }
        for cookie in cookies { fields.append((Refusal.cookieField, cookie)) }
        return Refusal(
            status, code: "auth-refused", "The application behind this server refuses the request.", body: text,
            fields: fields)
    }

    private static let challengeField = FieldName("www-authenticate")
    private static let locationField = FieldName("location")
    private static let retryField = FieldName("retry-after")
    private static let cookieField = FieldName("set-cookie")
}
