/// A request line taken apart (RFC 9112 3): method, target, version, one space between.
struct RequestLine: Sendable {
    let method: Method
    let version: HTTPVersion
    let form: TargetForm

    init(_ bytes: [UInt8], _ line: Range<Int>) throws(HTTPParseError) {
        var first = line.lowerBound
        while first < line.upperBound, bytes[first].isToken { first += 1 }
        // What ends the line, " HTTP/1.1", has a fixed length.
        let last = line.upperBound - 9
        guard first > line.lowerBound, first < last, bytes[first] == .space, bytes[last] == .space else {
            throw .badRequestLine
        }
        version = try RequestLine.version(bytes, last + 1)
        guard first - line.lowerBound <= HTTPLimits.methodBytesMax else { throw .methodTooLong }
        method = Method(token: bytes[line.lowerBound..<first])
        guard method.description != "CONNECT" else { throw .connectUnsupported }
        guard last - first - 1 <= HTTPLimits.requestTargetBytesMax else { throw .targetTooLong }
        form = try TargetForm(bytes, first + 1..<last, method: method)
    }

    /// The eight bytes from `start`: `HTTP/`, digit, dot, digit.
    private static func version(_ bytes: [UInt8], _ start: Int) throws(HTTPParseError) -> HTTPVersion {
        let isHTTP =
            bytes[start] == 0x48 && bytes[start + 1] == 0x54 && bytes[start + 2] == 0x54 && bytes[start + 3] == 0x50
            && bytes[start + 4] == .slash
        let (major, minor) = (bytes[start + 5], bytes[start + 7])
        guard isHTTP, major.isDigit, bytes[start + 6] == .dot, minor.isDigit else { throw .badRequestLine }
        guard major == .zero + 1 else { throw .versionUnsupported }
        return minor == .zero ? .http10 : .http11
    }
}
