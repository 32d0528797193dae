/// A status code and its standard reason phrase (RFC 9110 15 and the IANA registry).
public struct Status: Hashable, Sendable, CustomStringConvertible {
    /// 100 to 599.
    public let code: Int

    /// Nil for any other code.
    public init?(_ code: Int) {
        guard (100...599).contains(code) else { return nil }
        self.code = code
    }

    private init(known code: Int) { self.code = code }

    /// An interim answer, after which the final one follows.
    public var isInformational: Bool { code < 200 }

    /// Whether it can be a refusal's: an error, or another address in place of this one.
    public var isRefusal: Bool { code >= 300 }

    /// No content may follow the head: 1xx, 204 and 304 (RFC 9110 6.4.1).
    public var forbidsContent: Bool { isInformational || self == .noContent || self == .notModified }

    /// The code, as on the wire.
    public var description: String { String(code) }

    public static let `continue` = Status(known: 100)
    /// Interim answer that carries an upload's address or progress (draft-ietf-httpbis-resumable-upload).
    public static let uploadResumptionSupported = Status(known: 104)
    public static let ok = Status(known: 200)
    public static let created = Status(known: 201)
    public static let accepted = Status(known: 202)
    public static let noContent = Status(known: 204)
    public static let partialContent = Status(known: 206)
    public static let notModified = Status(known: 304)
    public static let temporaryRedirect = Status(known: 307)
    public static let permanentRedirect = Status(known: 308)
    public static let badRequest = Status(known: 400)
    public static let unauthorized = Status(known: 401)
    public static let forbidden = Status(known: 403)
    public static let notFound = Status(known: 404)
    public static let methodNotAllowed = Status(known: 405)
    public static let requestTimeout = Status(known: 408)
    public static let conflict = Status(known: 409)
    public static let gone = Status(known: 410)
    public static let lengthRequired = Status(known: 411)
    public static let preconditionFailed = Status(known: 412)
    public static let contentTooLarge = Status(known: 413)
    public static let uriTooLong = Status(known: 414)
    public static let unsupportedMediaType = Status(known: 415)
    public static let rangeNotSatisfiable = Status(known: 416)
    public static let expectationFailed = Status(known: 417)
    public static let misdirectedRequest = Status(known: 421)
    public static let tooManyRequests = Status(known: 429)
    public static let requestHeaderFieldsTooLarge = Status(known: 431)
    /// The promised checksum is not the one of the bytes that came (tus, extension `checksum`).
    public static let checksumMismatch = Status(known: 460)
    public static let internalServerError = Status(known: 500)
    public static let notImplemented = Status(known: 501)
    public static let serviceUnavailable = Status(known: 503)
    public static let versionNotSupported = Status(known: 505)
    public static let insufficientStorage = Status(known: 507)

    /// The registered phrase; for a code that has none, or that the server never chooses, what its class means.
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
        case 500...599: serverErrorReason
        case 300...399: "Redirection"
        case 200...299: "Successful"
        default: "Informational"
        }
    }

    private var clientErrorReason: String {
        switch code {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 407: "Proxy Authentication Required"
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
        case 422: "Unprocessable Content"
        case 423: "Locked"
        case 424: "Failed Dependency"
        case 425: "Too Early"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 460: "Checksum Mismatch"
        default: "Client Error"
        }
    }

    private var serverErrorReason: String {
        switch code {
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 506: "Variant Also Negotiates"
        case 507: "Insufficient Storage"
        case 508: "Loop Detected"
        case 510: "Not Extended"
        case 511: "Network Authentication Required"
        default: "Server Error"
        }
    }
}
