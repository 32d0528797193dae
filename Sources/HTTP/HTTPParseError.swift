/// Why a message was refused. After one of these the framing is unknown: answer with `status`, then close.
public enum HTTPParseError: String, Error, Hashable, CaseIterable {
    // The request line.
    case badRequestLine = "bad-request-line"
    case tooManyEmptyLines = "too-many-empty-lines"
    case methodTooLong = "method-too-long"
    case connectUnsupported = "connect-unsupported"
    case badTarget = "bad-target"
    case targetTooLong = "target-too-long"
    case versionUnsupported = "version-unsupported"

    // Any line.
    case bareCarriageReturn = "bare-cr"
    case bareLineFeed = "bare-lf"
    case controlByte = "control-byte"
    case headTooLong = "head-too-long"

    // Field lines.
    case tooManyFields = "too-many-fields"
    case badFieldName = "bad-field-name"
    case missingColon = "missing-colon"
    case spaceBeforeColon = "space-before-colon"
    case foldedField = "folded-field"

    // What the fields say together.
    case missingHost = "missing-host"
    case repeatedHost = "repeated-host"
    case badHost = "bad-host"
    case badContentLength = "bad-content-length"
    case repeatedContentLength = "repeated-content-length"
    case lengthAndCoding = "length-and-coding"
    case codingInOldVersion = "coding-in-http-1.0"
    case badTransferCoding = "bad-transfer-coding"
    case unknownTransferCoding = "unknown-transfer-coding"
    case unknownExpectation = "unknown-expectation"
    case connectionField = "connection-field"

    // The chunked coding.
    case badChunkSize = "bad-chunk-size"
    case badChunkEnd = "bad-chunk-end"
    case chunkExtensionTooLong = "chunk-extension-too-long"
    case trailersTooLong = "trailers-too-long"
    case forbiddenTrailer = "forbidden-trailer"

    // The head of a part of a form.
    case partHeadTooLong = "part-head-too-long"

    /// A name that stays the same from release to release, for logs and machines.
    public var code: String { rawValue }

    /// What to answer.
    public var status: Status {
        switch self {
        case .targetTooLong: .uriTooLong
        case .headTooLong, .tooManyFields, .trailersTooLong, .partHeadTooLong: .requestHeaderFieldsTooLarge
        case .methodTooLong, .connectUnsupported, .unknownTransferCoding: .notImplemented
        case .versionUnsupported: .versionNotSupported
        case .unknownExpectation: .expectationFailed
        default: .badRequest
        }
    }

    /// A sentence for a person; holds nothing the client sent.
    public var message: String {
        switch self {
        case .badRequestLine: "The request line is not a method, a target and a version with one space between."
        case .tooManyEmptyLines: "Too many empty lines before the request."
        case .methodTooLong: "The method is longer than any known one."
        case .connectUnsupported: "This server is not a proxy."
        case .badTarget: "The request target is malformed."
        case .targetTooLong: "The request target is longer than \(HTTPLimits.requestTargetBytesMax) bytes."
        case .versionUnsupported: "The server speaks HTTP/1.1."
        case .bareCarriageReturn: "A carriage return is not followed by a line feed."
        case .bareLineFeed: "A line feed is not preceded by a carriage return."
        case .controlByte: "A line holds a control byte."
        case .headTooLong: "The request head is longer than \(HTTPLimits.headBytesMax) bytes."
        case .tooManyFields: "There are more than \(HTTPLimits.fieldCountMax) fields."
        case .badFieldName: "A field name is empty or holds a byte that names must not hold."
        case .missingColon: "A field line has no colon."
        case .spaceBeforeColon: "There is white space before a field's colon."
        case .foldedField: "A field value continues on a second line."
        case .missingHost, .repeatedHost, .badHost: hostMessage
        case .badContentLength: "The content length is not a decimal number."
        case .repeatedContentLength: "The content length is given more than once."
        case .lengthAndCoding: "There is a content length and a transfer coding."
        case .codingInOldVersion: "HTTP/1.0 has no transfer codings."
        case .badTransferCoding: "The transfer coding is malformed, or chunked is not the last one, once."
        case .unknownTransferCoding: "The only transfer coding known is chunked."
        case .unknownExpectation: "The only expectation known is 100-continue."
        case .connectionField: "A field of HTTP/1.1 connections has no place in HTTP/2."
        case .badChunkSize: "A chunk size is not a hexadecimal number in range."
        case .badChunkEnd: "A chunk is longer or shorter than its size says."
        case .chunkExtensionTooLong: "The chunk extensions are too long."
        case .trailersTooLong: "The trailers are longer than \(HTTPLimits.trailerBytesMax) bytes."
        case .forbiddenTrailer: "A trailer must not frame or route the message, or say what its content is."
        case .partHeadTooLong: "The head of a part is longer than \(HTTPLimits.partHeadBytesMax) bytes."
        }
    }

    private var hostMessage: String {
        switch self {
        case .missingHost: "An HTTP/1.1 request needs a Host field."
        case .repeatedHost: "There is more than one Host field."
        default: "The host is malformed."
        }
    }
}
