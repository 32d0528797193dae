internal import HTTP

/// What a client is told whose request the application refuses: what the application said, as far as it is for clients.
public struct ForwardRefusal: Equatable, Sendable {
    private let said: ApplicationRefusal
    private let location: String?
    private var cookies: [String]

    /// - Parameters:
    ///   - status: 3xx or 4xx.
    ///   - content: of the answer; what is no text is left out, and what is of no type.
    init(_ status: Status, _ fields: FieldSection, content: [UInt8]) {
        said = ApplicationRefusal(status, fields, content: fields.contains(.contentType) ? content : nil)
        location = fields.values(ForwardRefusal.locationField).first
        cookies = fields.values(ForwardRefusal.cookieField)
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
        if let location { fields.append(("Location", location)) }
        for cookie in cookies { fields.append((Refusal.cookieField, cookie)) }
        return said.refusal(
            code: "auth-refused", "The application behind this server refuses the request.", fields: fields)
    }

    private static let locationField = FieldName("location")
    private static let cookieField = FieldName("set-cookie")
}
