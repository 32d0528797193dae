import HTTP
import Testing

@Suite struct ResponseParserTests {
    private func parsed(_ text: String, splitAt split: Int) throws -> ReceivedResponse? {
        var parser = ResponseParser()
        let bytes = Array(text.utf8)
        for part in [Array(bytes[..<split]), Array(bytes[split...])] where !part.isEmpty {
            let count = try parser.consume(part.span)
            #expect(count == part.count)
        }
        return parser.takeResponse()
    }

    @Test func `a response is the same wherever it is split`() throws {
        let text = "HTTP/1.1 409 Wrong start byte\r\nContent-Length: 2\r\nX-Error-Code: wrong-start-byte\r\n\r\n"
        for split in 0...text.utf8.count {
            let response = try #require(try parsed(text, splitAt: split))
            #expect(response.status == .conflict)
            #expect(response.reason == "Wrong start byte")
            #expect(response.keepsAlive)
            #expect(try response.framing(answering: .post) == .length(2))
            #expect(try response.framing(answering: .head) == BodyFraming.none)
        }
    }

    @Test func `informational responses come before the final one`() throws {
        var parser = ResponseParser()
        let bytes = Array("HTTP/1.1 104 \r\nUpload-Offset: 5\r\n\r\nHTTP/1.1 200\r\n\r\n".utf8)
        let first = try parser.consume(bytes.span)
        #expect(parser.takeResponse()?.status == .uploadResumptionSupported)
        let rest = Array(bytes[first...])
        let second = try parser.consume(rest.span)
        #expect(first + second == bytes.count)
        #expect(parser.takeResponse()?.status == .ok)
    }

    @Test func `without a length the content ends with the connection`() throws {
        let response = try #require(try parsed("HTTP/1.0 200 OK\r\n\r\n", splitAt: 0))
        #expect(try response.framing(answering: .get) == nil)
        #expect(!response.keepsAlive)
    }

    @Test(arguments: [
        "HTTP/2 200 OK", "HTTP/1.1 99 x", "HTTP/1.1 2000", "HTTP/1.1200 OK", "ICY 200 OK", "HTTP/1.1 -20",
    ])
    func `what is no status line is refused`(line: String) {
        var parser = ResponseParser()
        let bytes = Array("\(line)\r\n\r\n".utf8)
        #expect(throws: HTTPParseError.self) { try parser.consume(bytes.span) }
    }

    @Test func `two framings at once are refused`() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        let response = try #require(try parsed(text, splitAt: 0))
        #expect(throws: HTTPParseError.lengthAndCoding) { try response.framing(answering: .get) }
    }
}
