import HTTP
import Testing

@Suite struct EvilHeadTests {
    struct Evil: Sendable, CustomTestStringConvertible {
        let sent: String
        let status: Int
        let code: String
        init(_ sent: String, _ status: Int, _ code: String) {
            self.sent = sent
            self.status = status
            self.code = code
        }
        var testDescription: String { "\(code): \(sent.prefix(60).debugDescription)" }
    }

    /// A head with this request line.
    static func line(_ line: String, _ status: Int, _ code: String) -> Evil {
        Evil("\(line)\r\nHost: a\r\n\r\n", status, code)
    }

    /// A POST of HTTP/1.1 with Host and these field lines.
    static func fields(_ fields: String, _ status: Int, _ code: String) -> Evil {
        Evil("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", status, code)
    }

    static let requestLines = [
        line("GET", 400, "bad-request-line"),
        line("GET /", 400, "bad-request-line"),
        line("GET  / HTTP/1.1", 400, "bad-request-line"),
        line("GET /  HTTP/1.1", 400, "bad-request-line"),
        line("GET / HTTP/1.1 ", 400, "bad-request-line"),
        line(" GET / HTTP/1.1", 400, "bad-request-line"),
        line("GET / x HTTP/1.1", 400, "bad-request-line"),
        line("GET\t/ HTTP/1.1", 400, "bad-request-line"),
        line("GET /\tHTTP/1.1", 400, "bad-request-line"),
        line("GET /\t HTTP/1.1", 400, "bad-request-line"),
        line("GET HTTP/1.1", 400, "bad-request-line"),
        line("GET  HTTP/1.1", 400, "bad-request-line"),
        line("G(T / HTTP/1.1", 400, "bad-request-line"),
        line("G\u{E9}T / HTTP/1.1", 400, "bad-request-line"),
        line("GET / http/1.1", 400, "bad-request-line"),
        line("GET / HTTP/11", 400, "bad-request-line"),
        line("GET / HTTP/1.10", 400, "bad-request-line"),
        line("GET / HTTP/+.1", 400, "bad-request-line"),
        line("GET / HTTPS/1.1", 400, "bad-request-line"),
        line("GET / ICY/1.1", 400, "bad-request-line"),
        Evil("\u{16}\u{03}\u{01}\u{02}", 400, "bad-request-line"),
        Evil("\u{0}", 400, "bad-request-line"),
        line("GET / HTTP/0.9", 505, "version-unsupported"),
        line("GET / HTTP/2.0", 505, "version-unsupported"),
        line("PRI * HTTP/2.0", 505, "version-unsupported"),
        line("CONNECT a:443 HTTP/1.1", 501, "connect-unsupported"),
        line(String(repeating: "G", count: 33) + " / HTTP/1.1", 501, "method-too-long"),
        line("GET a HTTP/1.1", 400, "bad-target"),
        line("GET a:80 HTTP/1.1", 400, "bad-target"),
        line("GET * HTTP/1.1", 400, "bad-target"),
        line("OPTIONS *x HTTP/1.1", 400, "bad-target"),
        line("GET /#f HTTP/1.1", 400, "bad-target"),
        line("GET /caf\u{E9} HTTP/1.1", 400, "bad-target"),
        line("GET /\u{7F} HTTP/1.1", 400, "control-byte"),
        line("GET /\u{0} HTTP/1.1", 400, "control-byte"),
        line("GET ftp://a/ HTTP/1.1", 400, "bad-target"),
        line("GET http:///x HTTP/1.1", 400, "bad-target"),
        line("GET http:// HTTP/1.1", 400, "bad-target"),
        line("GET http://u@a/ HTTP/1.1", 400, "bad-target"),
        line("GET http://a:b/ HTTP/1.1", 400, "bad-target"),
        Evil("\n", 400, "bare-lf"),
        Evil("\rGET / HTTP/1.1\r\n", 400, "bare-cr"),
        Evil("GET / HTTP/1.1\nHost: a\n\n", 400, "bare-lf"),
        Evil("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare-cr"),
        Evil("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400, "bare-cr"),
        Evil("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n", 400, "too-many-empty-lines"),
    ]

    static let fieldLines = [
        fields("X: a\nY: b", 400, "bare-lf"),
        fields("X: a\rY: b", 400, "bare-cr"),
        fields("X: a\r", 400, "bare-cr"),
        fields("X: \u{0}", 400, "control-byte"),
        fields("X: \u{1}", 400, "control-byte"),
        fields("X: \u{B}", 400, "control-byte"),
        fields("X: \u{7F}", 400, "control-byte"),
        fields("X\u{0}: a", 400, "control-byte"),
        fields("X : a", 400, "space-before-colon"),
        fields("X\t: a", 400, "space-before-colon"),
        fields("X y: a", 400, "space-before-colon"),
        fields("X: a\r\n b", 400, "folded-field"),
        fields("X: a\r\n\tb", 400, "folded-field"),
        fields(" X: a", 400, "folded-field"),
        fields(": a", 400, "bad-field-name"),
        fields(":", 400, "bad-field-name"),
        fields("X\u{E9}: a", 400, "bad-field-name"),
        fields("X(y): a", 400, "bad-field-name"),
        fields("\"X\": a", 400, "bad-field-name"),
        fields("X/y: a", 400, "bad-field-name"),
        fields("X", 400, "missing-colon"),
        Evil("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "folded-field"),
        Evil("GET / HTTP/1.1\r\n\r\n", 400, "missing-host"),
        fields("host: a", 400, "repeated-host"),
        Evil("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, "repeated-host"),
        Evil("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: a%2\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400, "bad-host"),
        Evil("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"),
        Evil("GET http://:80/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"),
        Evil("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.1\r\nHost: caf\u{E9}\r\n\r\n", 400, "bad-host"),
        Evil("GET / HTTP/1.0\r\nHost: /\r\n\r\n", 400, "bad-host"),
    ]

    static let framing = [
        fields("Content-Length:", 400, "bad-content-length"),
        fields("Content-Length: +1", 400, "bad-content-length"),
        fields("Content-Length: -1", 400, "bad-content-length"),
        fields("Content-Length: 1 2", 400, "bad-content-length"),
        fields("Content-Length: 1,1", 400, "bad-content-length"),
        fields("Content-Length: 0x1", 400, "bad-content-length"),
        fields("Content-Length: 1.0", 400, "bad-content-length"),
        fields("Content-Length: 1e3", 400, "bad-content-length"),
        fields("Content-Length: \u{B2}", 400, "bad-content-length"),
        fields("Content-Length: 9223372036854775808", 400, "bad-content-length"),
        fields("Content-Length: 18446744073709551617", 400, "bad-content-length"),
        fields("Content-Length: 99999999999999999999", 400, "bad-content-length"),
        fields("Content-Length: 1\r\nContent-Length: 2", 400, "repeated-content-length"),
        fields("Content-Length: 1\r\ncontent-length: 1", 400, "repeated-content-length"),
        fields("Content-Length: 1\r\nTransfer-Encoding: chunked", 400, "length-and-coding"),
        fields("Transfer-Encoding: chunked\r\nContent-Length: 1", 400, "length-and-coding"),
        fields("Transfer-Encoding: identity\r\nContent-Length: 1", 400, "length-and-coding"),
        fields("Transfer-Encoding: gzip, chunked", 501, "unknown-transfer-coding"),
        fields("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501, "unknown-transfer-coding"),
        fields("Transfer-Encoding: identity", 501, "unknown-transfer-coding"),
        fields("Transfer-Encoding: xchunked", 501, "unknown-transfer-coding"),
        fields("Transfer-Encoding: chunked, chunked", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: chunked, gzip", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: chunked,", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: ,chunked", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding:", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: \"chunked\"", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: chunked;x=1", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: chun ked", 400, "bad-transfer-coding"),
        fields("Transfer-Encoding: \u{B}chunked", 400, "control-byte"),
        fields("Transfer-Encoding : chunked", 400, "space-before-colon"),
        Evil("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "coding-in-http-1.0"),
        fields("Expect: 200-ok", 417, "unknown-expectation"),
        fields("Expect: 100-continue, x", 417, "unknown-expectation"),
        fields("Expect:", 417, "unknown-expectation"),
    ]

    @Test(arguments: requestLines + fieldLines + framing)
    func `an evil head is refused the same wherever it is split`(evil: Evil) throws {
        let bytes = evil.sent.latin1
        let error = try #require(HTTPParseError(rawValue: evil.code))
        #expect(error.status.code == evil.status)
        #expect(ParsedHead(bytes) == .refused(error))
        #expect(ParsedHead(bytes, cuts: Array(0..<bytes.count)) == .refused(error))
        for cut in bytes.indices { #expect(ParsedHead(bytes, cuts: [cut]) == .refused(error)) }
    }

    struct Bound: Sendable, CustomTestStringConvertible {
        let fits: String
        let isTooMuch: String
        let error: HTTPParseError
        var testDescription: String { error.code }
    }

    static let bounds = [
        Bound(
            fits: "GET /" + String(repeating: "t", count: 8191) + " HTTP/1.1\r\nHost: a\r\n\r\n",
            isTooMuch: "GET /" + String(repeating: "t", count: 8192) + " HTTP/1.1\r\nHost: a\r\n\r\n",
            error: .targetTooLong),
        Bound(
            fits: String(repeating: "M", count: 32) + " / HTTP/1.1\r\nHost: a\r\n\r\n",
            isTooMuch: String(repeating: "M", count: 9000), error: .targetTooLong),
        Bound(
            fits: "GET / HTTP/1.1\r\nHost: a\r\nX:" + String(repeating: "v", count: 32768 - 31) + "\r\n\r\n",
            isTooMuch: "GET / HTTP/1.1\r\nHost: a\r\nX:" + String(repeating: "v", count: 32768 - 30) + "\r\n\r\n",
            error: .headTooLong),
        Bound(
            fits: "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 99) + "\r\n",
            isTooMuch: "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 100),
            error: .tooManyFields),
        Bound(
            fits: "GET / HTTP/1.1\r\nHost: " + String(repeating: "h", count: 259) + "\r\n\r\n",
            isTooMuch: "GET / HTTP/1.1\r\nHost: " + String(repeating: "h", count: 260) + "\r\n\r\n",
            error: .badHost),
    ]

    @Test(arguments: bounds)
    func `a bound holds to the byte, in one piece and in many`(bound: Bound) {
        let (fits, isTooMuch) = (bound.fits.latin1, bound.isTooMuch.latin1)
        let whole = ParsedHead(fits)
        if case .head(_, let consumed) = whole {
            #expect(consumed == fits.count)
        } else {
            Issue.record("refused: \(whole)")
        }
        #expect(ParsedHead(isTooMuch) == .refused(bound.error))
        for width in [1, 7, 1000, 4096] {
            #expect(ParsedHead(fits, cuts: Array(stride(from: 0, to: fits.count, by: width))) == whole)
            let cuts = Array(stride(from: 0, to: isTooMuch.count, by: width))
            #expect(ParsedHead(isTooMuch, cuts: cuts) == .refused(bound.error))
        }
    }

    @Test func `a refusal has a sentence, a code of its own and an error status`() {
        for error in HTTPParseError.allCases {
            #expect(error.message.hasSuffix("."))
            #expect(error.code.utf8.allSatisfy { $0 == 0x2D || $0 == 0x2E || (0x30...0x39).contains($0) || $0 > 0x60 })
            #expect(error.status.code >= 400 && !error.status.reason.isEmpty)
        }
    }
}
