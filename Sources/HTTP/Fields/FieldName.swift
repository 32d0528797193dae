/// A field name that the program knows, compared byte by byte without regard to case.
///
/// Making one allocates; keep it in a static. Comparing allocates nothing.
public struct FieldName: Hashable, Sendable, CustomStringConvertible {
    /// Lower case.
    let bytes: [UInt8]
    /// As people write it: `Content-Type`.
    public let spelling: String

    /// Anything but a token is a programmer's error.
    public init(_ name: StaticString) {
        spelling = name.description
        bytes = spelling.utf8.map(\.folded)
        precondition(!bytes.isEmpty && bytes.allSatisfy(\.isToken), "a field name is a token")
    }

    /// A name that an option tells; nil for what is no token.
    public init?(told name: String) {
        spelling = name
        bytes = name.utf8.map(\.folded)
        guard !bytes.isEmpty, bytes.allSatisfy(\.isToken) else { return nil }
    }

    public static func == (left: FieldName, right: FieldName) -> Bool { left.bytes == right.bytes }

    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    /// The name in lower case.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether `range` of `candidate` spells this name.
    func matches(_ candidate: [UInt8], _ range: Range<Int>) -> Bool {
        guard range.count == bytes.count else { return false }
        for index in bytes.indices where candidate[range.lowerBound + index].folded != bytes[index] { return false }
        return true
    }

    public static let accept = FieldName("accept")
    public static let acceptEncoding = FieldName("accept-encoding")
    public static let authorization = FieldName("authorization")
    public static let connection = FieldName("connection")
    public static let contentDisposition = FieldName("content-disposition")
    public static let contentEncoding = FieldName("content-encoding")
    public static let contentLength = FieldName("content-length")
    public static let contentRange = FieldName("content-range")
    public static let contentTransferEncoding = FieldName("content-transfer-encoding")
    public static let contentType = FieldName("content-type")
    public static let expect = FieldName("expect")
    public static let host = FieldName("host")
    public static let ifMatch = FieldName("if-match")
    public static let ifModifiedSince = FieldName("if-modified-since")
    public static let ifNoneMatch = FieldName("if-none-match")
    public static let ifRange = FieldName("if-range")
    public static let ifUnmodifiedSince = FieldName("if-unmodified-since")
    public static let origin = FieldName("origin")
    public static let range = FieldName("range")
    public static let secFetchSite = FieldName("sec-fetch-site")
    public static let transferEncoding = FieldName("transfer-encoding")
    public static let forwarded = FieldName("forwarded")
    public static let xForwardedFor = FieldName("x-forwarded-for")
    public static let xHTTPMethodOverride = FieldName("x-http-method-override")
    public static let traceParent = FieldName("traceparent")
    public static let xRequestID = FieldName("x-request-id")
}
