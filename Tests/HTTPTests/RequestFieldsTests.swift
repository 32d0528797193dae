import HTTP
import Testing

/// Heads that came as fields, one by one: HTTP/2.
@Suite struct RequestFieldsTests {
    private static func fields(_ pairs: [(String, String)]) -> RequestFields {
        var fields = RequestFields()
        for (name, value) in pairs { fields.add(name: Array(name.utf8).span, value: Array(value.utf8).span) }
        return fields
    }

    private static let request = [
        (":method", "PUT"), (":scheme", "https"), (":authority", "a.example:8443"), (":path", "/files/x?y"),
    ]

    @Test func `pseudo-fields are what a request line and Host are`() throws {
        let head = try RequestFieldsTests.fields(
            RequestFieldsTests.request + [("x-a", "b"), ("expect", "100-continue")]
        )
        .head(endsHere: false)
        #expect(head.method == .put)
        #expect(head.version == .http2)
        #expect(head.host == "a.example:8443")
        #expect(head.target.path == "/files/x")
        #expect(head.target.query == "y")
        #expect(head.framing == .chunked)
        #expect(head.expectsContinue)
        #expect(head.keepsAlive)
        #expect(head.fields.count == 2)
        #expect(head.fields[0] == (name: "x-a", value: "b"))
    }

    @Test func `the end of the stream frames a content`() throws {
        let told = RequestFieldsTests.request + [("content-length", "3")]
        #expect(try RequestFieldsTests.fields(told).head(endsHere: false).framing == .length(3))
        #expect(try RequestFieldsTests.fields(RequestFieldsTests.request).head(endsHere: true).framing == .length(0))
        #expect(throws: HTTPParseError.badContentLength) { try RequestFieldsTests.fields(told).head(endsHere: true) }
    }

    @Test func `trailers may follow a content of known length`() throws {
        let told = RequestFieldsTests.request + [("content-length", "3")]
        #expect(try RequestFieldsTests.fields(told).head(endsHere: false).mayHaveTrailers)
        #expect(try !RequestFieldsTests.fields(RequestFieldsTests.request).head(endsHere: true).mayHaveTrailers)
    }

    static let wrong: [(String, HTTPParseError)] = [
        (":method=PUT;:path=/", .missingHost),
        (":method=PUT;:authority=a", .badRequestLine),
        (":path=/;:authority=a", .badRequestLine),
        (":method=P T;:path=/;:authority=a", .badRequestLine),
        (":method=CONNECT;:authority=a:1", .connectUnsupported),
        (":method=GET;:path=/;:authority=u@a", .badHost),
        (":method=GET;:path=/;:authority=a;host=b", .repeatedHost),
        (":method=GET;:path=http://b/;:authority=a", .badTarget),
        (":method=GET;:path=*;:authority=a", .badTarget),
        (":method=GET;:path=/ x;:authority=a", .badRequestLine),
        (":method=GET;:path=/#x;:authority=a", .badTarget),
        ("a=b;:method=GET", .badRequestLine),
        (":method=GET;:method=GET", .badRequestLine),
        (":method=GET;:path=/;:authority=a;Upper=b", .badFieldName),
        (":method=GET;:path=/;:authority=a;a b=b", .badFieldName),
        (":method=GET;:path=/;:authority=a;a=b\r\nc", .controlByte),
        (":method=GET;:path=/;:authority=a;connection=close", .connectionField),
        (":method=GET;:path=/;:authority=a;transfer-encoding=chunked", .connectionField),
        (":method=GET;:path=/;:authority=a;expect=magic", .unknownExpectation),
    ]

    @Test(arguments: wrong)
    func `what cannot be meant is refused`(told: String, error: HTTPParseError) {
        let pairs = told.split(separator: ";").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1)
            return (String(sides[0]), String(sides[1]))
        }
        #expect(throws: error) { try RequestFieldsTests.fields(pairs).head(endsHere: true) }
    }

    @Test func `a Host that is the authority is no contradiction`() throws {
        let head = try RequestFieldsTests.fields(RequestFieldsTests.request + [("host", "A.example:8443")])
            .head(endsHere: true)
        #expect(head.host == "a.example:8443")
    }

    @Test func `memory is bounded whatever comes`() {
        var fields = RequestFieldsTests.fields(RequestFieldsTests.request)
        let value = [UInt8](repeating: 0x61, count: 1_000)
        for _ in 0..<100 { fields.add(name: [0x78].span, value: value.span) }
        #expect(throws: HTTPParseError.headTooLong) { try fields.head(endsHere: true) }
        var many = RequestFieldsTests.fields(RequestFieldsTests.request)
        for _ in 0...HTTPLimits.fieldCountMax { many.add(name: [0x78].span, value: [0x79].span) }
        #expect(throws: HTTPParseError.tooManyFields) { try many.head(endsHere: true) }
    }

    @Test func `trailers are fields that may come late`() throws {
        #expect(try RequestFieldsTests.fields([("x", "y")]).trailers().count == 1)
        #expect(throws: HTTPParseError.forbiddenTrailer) {
            try RequestFieldsTests.fields([("content-length", "1")]).trailers()
        }
        #expect(throws: HTTPParseError.forbiddenTrailer) { try RequestFieldsTests.fields([(":path", "/")]).trailers() }
        let long = [("x", String(repeating: "a", count: HTTPLimits.trailerBytesMax))]
        #expect(throws: HTTPParseError.trailersTooLong) { try RequestFieldsTests.fields(long).trailers() }
    }
}
