import Testing

@testable import LoadGenerator

struct AnswerParserTests {
    private static let stream =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-LENGTH: 3\r\nConnection: Close\r\n\r\n{1}"
        + "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    private static let responses = [
        Response(status: 201, reason: "Created", closes: true, body: Array("{1}".utf8)),
        Response(status: 204, reason: "No Content", closes: false, body: []),
        Response(status: 200, reason: "OK", closes: false, body: []),
    ]

    @Test func `answers come out whole, wherever the stream is cut`() throws {
        let bytes = Array(AnswerParserTests.stream.utf8)
        for cut in 0...bytes.count {
            var parser = AnswerParser()
            var found: [Response] = []
            for piece in [bytes[..<cut], bytes[cut...]] {
                Array(piece).withUnsafeBytes { parser.append($0) }
                while let response = try parser.next() { found.append(response) }
            }
            #expect(found == AnswerParserTests.responses)
            #expect(parser.isEmpty)
        }
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", String(repeating: "x", count: 70_000),
    ])
    func `what is no answer of ours is an error`(text: String) {
        var parser = AnswerParser()
        Array(text.utf8).withUnsafeBytes { parser.append($0) }
        #expect(throws: LoadError.self) { _ = try parser.next() }
    }

    @Test func `an answer to HEAD ends with its head, whatever length it tells`() throws {
        var parser = AnswerParser()
        parser.answersHead = true
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLocation: /files/x\r\n\r\n".utf8)
        (answer + answer).withUnsafeBytes { parser.append($0) }
        let expected = Response(status: 200, reason: "OK", closes: false, body: [], location: "/files/x")
        #expect(try parser.next() == expected)
        #expect(try parser.next() == expected)
        #expect(parser.isEmpty)
    }
}
