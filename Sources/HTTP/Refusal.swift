/// An answer that refuses a request: what the client is told, and what a program can rely on.
///
/// The code travels as `X-Error-Code`, since bodies belong to the dialects. Codes are part of the interface: lower-case
/// words with hyphens, never reused for something else.
public struct Refusal: Error, Sendable {
    /// What it means to any HTTP client; one that refuses (`Status.isRefusal`).
    public let status: Status
    /// Replaces the standard reason phrase where people get to see it (HTTP/1.1 only).
    public let reason: String?
    /// What it means to a program that knows this server; stable.
    public let code: String
    /// A sentence for people: the body, unless `body` replaces it.
    public let message: String
    /// The whole body where a dialect prescribes one.
    public let body: String?
    /// Further fields of the answer.
    public let fields: [(name: StaticString, value: String)]

    public init(
        _ status: Status, reason: String? = nil, code: String, _ message: String, body: String? = nil,
        fields: [(name: StaticString, value: String)] = []
    ) {
        self.status = status
        self.reason = reason
        self.code = code
        self.message = message
        self.body = body
        self.fields = fields
    }

    /// The same with one more field.
    public func adding(_ name: StaticString, _ value: String) -> Refusal {
        Refusal(status, reason: reason, code: code, message, body: body, fields: fields + [(name, value)])
    }

    /// What could not be read as a request.
    public init(_ error: HTTPParseError) {
        self.init(error.status, code: error.code, error.message)
    }

    /// The same answer, for another reason.
    public func renamed(code: String) -> Refusal {
        Refusal(status, reason: reason, code: code, message, body: body, fields: fields)
    }

    /// Status line and fields, without those that frame the body.
    public var responseHead: ResponseHead {
        var head = ResponseHead(status, reason: reason)
        head.set("Content-Type", "text/plain; charset=utf-8")
        head.set("X-Content-Type-Options", "nosniff")
        head.set("X-Error-Code", code)
        for field in fields {
            if field.name.description == Refusal.cookieField.description {
                head.add(.setCookie, field.value)
            } else {
                head.set(field.name, field.value)
            }
        }
        return head
    }

    /// The one field of an answer of which there may be several lines (RFC 9110 5.3).
    public static let cookieField: StaticString = "Set-Cookie"

    /// The body as it goes out; a line of its own unless a dialect prescribes it to the byte.
    public var bodyBytes: [UInt8] { Array((body ?? message + "\n").utf8) }
}
