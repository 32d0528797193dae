/// A status code and its standard reason phrase (RFC 9110 15 and the IANA registry).
public struct Status: Hashable, Sendable, CustomStringConvertible {
    /// 100 to 599.
    public let code: Int

    /// Any other code is a programmer's error.
    public init(_ code: Int) {
        precondition((100...599).contains(code), "a status code has three digits and starts with 1 to 5")
        self.code = code
    }

    /// An interim answer, after which the final one follows.
    public var isInformational: Bool { code < 200 }

    /// No content may follow the head: 1xx, 204 and 304 (RFC 9110 6.4.1).
    public var forbidsContent: Bool { isInformational || self == .noContent || self == .notModified }

    /// The code, as on the wire.
    public var description: String { String(code) }

    public static let `continue` = Status(100)
    /// Interim answer that carries an upload's address or progress (draft-ietf-httpbis-resumable-upload).
    public static let uploadResumptionSupported = Status(104)
    public static let ok = Status(200)
    public static let created = Status(201)
    public static let accepted = Status(202)
    public static let noContent = Status(204)
    public static let partialContent = Status(206)
    public static let notModified = Status(304)
    public static let temporaryRedirect = Status(307)
    public static let permanentRedirect = Status(308)
    public static let badRequest = Status(400)
    public static let unauthorized = Status(401)
    public static let forbidden = Status(403)
    public static let notFound = Status(404)
    public static let methodNotAllowed = Status(405)
    public static let requestTimeout = Status(408)
    public static let conflict = Status(409)
    public static let gone = Status(410)
    public static let lengthRequired = Status(411)
    public static let preconditionFailed = Status(412)
    public static let contentTooLarge = Status(413)
    public static let uriTooLong = Status(414)
    public static let unsupportedMediaType = Status(415)
    public static let rangeNotSatisfiable = Status(416)
    public static let expectationFailed = Status(417)
    public static let misdirectedRequest = Status(421)
    public static let tooManyRequests = Status(429)
    public static let requestHeaderFieldsTooLarge = Status(431)
    /// The promised checksum is not the one of the bytes that came (tus, extension `checksum`).
    public static let checksumMismatch = Status(460)
    public static let internalServerError = Status(500)
    public static let notImplemented = Status(501)
    public static let serviceUnavailable = Status(503)
    public static let versionNotSupported = Status(505)
    public static let insufficientStorage = Status(507)

    /// The registered phrase; empty, which the grammar allows, for a code that is not among the statics.
    public var reason: String {
        switch code {
        case 100: "Continue"
        case 104: "Upload Resumption Supported"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400...499: clientErrorReason
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: ""
        }
    }

    private var clientErrorReason: String {
        switch code {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 460: "Checksum Mismatch"
        default: ""
        }
    }
}
