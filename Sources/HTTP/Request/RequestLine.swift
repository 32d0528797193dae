/// A request line taken apart (RFC 9112 3): method, target, version, one space between.
struct RequestLine: Sendable {
    let method: Method
    let version: HTTPVersion
    let form: TargetForm

    /// What came as fields of its own (RFC 9113 8.3.1). The method is not empty.
    init(_ bytes: [UInt8], method: Range<Int>, target: Range<Int>, authority: Range<Int>?) throws(HTTPParseError) {
        guard bytes[method].allSatisfy(\.isToken) else { throw .badRequestLine }
        guard method.count <= HTTPLimits.methodBytesMax else { throw .methodTooLong }
        version = .http2
        self.method = Method(token: bytes[method])
        guard target.count <= HTTPLimits.requestTargetBytesMax else { throw .targetTooLong }
        var form = try TargetForm(bytes, target, method: self.method)
        // An absolute form is for lines only: here the authority has a field of its own.
        guard form.authority == nil else { throw .badTarget }
        form.authority = authority
        self.form = form
    }

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
