import TestSupport
import Testing

@testable import UploadServer

/// Clients that say what must not be said, or say it too slowly. After each of them the next one is served.
@Suite(.timeLimit(.minutes(1))) struct HostileClientTests {
    struct Evil: Sendable {
        let sent: [UInt8]
        let status: Int
        init(_ text: String, _ status: Int) {
            sent = text.unicodeScalars.map { UInt8($0.value) }
            self.status = status
        }

        static func line(_ line: String, _ status: Int = 400) -> Evil { Evil("\(line)\r\nHost: a\r\n\r\n", status) }
        static func fields(_ fields: String, _ status: Int = 400) -> Evil {
            Evil("POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: evil\r\n\(fields)\r\n\r\n", status)
        }
        /// With a chunked body after the head.
        static func chunks(_ body: String, _ status: Int = 400) -> Evil {
            Evil(
                "POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: evil\r\nTransfer-Encoding: chunked\r\n\r\n\(body)",
                status)
        }
    }

    static let table: [Evil] = [
        .line("GET"), .line("GET  / HTTP/1.1"), .line("GET / HTTP/1.1 "), .line(" GET / HTTP/1.1"),
        .line("GET / http/1.1"), .line("GET / HTTP/0.9", 505), .line("GET / HTTP/2.0", 505),
        .line("PRI * HTTP/2.0", 505), .line("CONNECT a:443 HTTP/1.1", 501),
        .line(String(repeating: "G", count: 33) + " / HTTP/1.1", 501),
        .line("GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1", 414),
        .line("GET /\u{0} HTTP/1.1"), .line("GET /#f HTTP/1.1"), .line("GET http://u@a/ HTTP/1.1"),
        .line("GET /%zz HTTP/1.1"), .line("GET /%00 HTTP/1.1"),
        Evil("\n", 400), Evil("\r\n\r\n\r\n\r\n\r\n", 400), Evil("GET / HTTP/1.1\nHost: a\n\n", 400),
        Evil("\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}", 400), Evil("\u{0}", 400),
        Evil("GET / HTTP/1.1\r\n\r\n", 400), Evil("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        Evil("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        .fields("X: a\nY: b"), .fields("X: a\rY: b"), .fields("X: \u{0}"), .fields("X : a"), .fields("X: a\r\n b"),
        .fields(": a"), .fields("X"), .fields("X\u{E9}: a"),
        .fields("X: " + String(repeating: "a", count: 40_000), 431),
        .fields((0..<120).map { "X-\($0): a" }.joined(separator: "\r\n"), 431),
        .fields("Content-Length: -1"), .fields("Content-Length: 1, 1"), .fields("Content-Length: 0x10"),
        .fields("Content-Length: 9223372036854775808"), .fields("Content-Length: 5\r\nContent-Length: 5"),
        .fields("Content-Length: 5\r\nTransfer-Encoding: chunked"), .fields("Transfer-Encoding: gzip, chunked", 501),
        .fields("Transfer-Encoding: chunked, chunked"), .fields("Expect: 200-ok", 417),
        .fields("X-File-Id: twice\r\nContent-Length: 0"), .fields("X-Start-Byte: NaN\r\nContent-Length: 0"),
        .fields("X-Start-Byte: -1\r\nContent-Length: 0"), .fields("X-Start-Byte: 1e3\r\nContent-Length: 0"),
        .fields("X-Start-Byte: 9223372036854775808\r\nContent-Length: 0"),
        .fields("X-Start-Byte: 9223372036854775807\r\nContent-Length: 9223372036854775807", 413),
        .chunks("x\r\n"), .chunks("-1\r\n"), .chunks("5 \u{0}\r\nhello"), .chunks("5\nhello"),
        .chunks("5\r\nhelloo\r\n"),
        .chunks("10000000000000000\r\n"), .chunks("7fffffffffffffff\r\nx\r"), .chunks("ffffffffffffffff\r\nx"),
        .chunks("5;" + String(repeating: "e", count: 300) + "\r\nhello\r\n0\r\n\r\n"),
        .chunks("0\r\nContent-Length: 5\r\n\r\n"),
        .chunks("0\r\n" + String(repeating: "T: t\r\n", count: 101) + "\r\n", 431),
    ]

    @Test(arguments: [false, true]) func `every evil request is refused, and the next client served`(tls: Bool) throws {
        let site = try TestServer()
        for evil in HostileClientTests.table {
            let client = try site.client(tls: tls)
            try client.send(evil.sent)
            // What is cut short is refused, too.
            client.finishSending()
            let answer = try client.response()
            #expect(answer.status == evil.status, "\(String(decoding: evil.sent.prefix(100), as: UTF8.self))")
            #expect(answer["X-Error-Code"] != nil)
            #expect(try site.ask(TestServer.head("GET", "/healthz"), tls: tls).status == 200)
        }
        #expect(site.finishedFiles.isEmpty)
    }

    @Test(arguments: [false, true]) func `a head that does not come to its end is timed out`(tls: Bool) throws {
        let site = try TestServer { $0.headNanoseconds = 100_000_000 }
        let client = try site.client(tls: tls)
        // Each byte comes in time, the head as a whole does not.
        try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
        while client.isSilent(forMilliseconds: 10) { try client.send("x") }
        let answer = try client.response()
        #expect(answer.status == 408 && answer["X-Error-Code"] == "head-timeout")
        #expect(answer["Connection"] == "close" && answer["Date"] != nil && answer["X-Request-ID"] != nil)
    }

    @Test func `a body that stops coming is timed out and kept`() throws {
        let site = try TestServer { $0.bodyIdleNanoseconds = 100_000_000 }
        let client = try site.client()
        try client.send(TestServer.append("a", start: 0, length: 10) + "hello")
        // Not 408: browsers send the same request again after one.
        let answer = try client.response()
        #expect(answer.status == 503)
        #expect(answer["X-Error-Code"] == "body-timeout")
        #expect(try site.status("a") == 5)
    }

    @Test func `a handshake that does not come to its end is cut`() throws {
        let site = try TestServer { $0.handshakeNanoseconds = 50_000_000 }
        let client = try RawClient(site.server.addressTLS!)
        try client.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        try client.untilGone()
        #expect(try site.status("a", tls: true) == 0)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{03}\u{01}\u{00}\u{05}hello", "\u{80}\u{2E}\u{01}\u{00}\u{02}",
        "\u{0}", String(repeating: "x", count: 100_000),
    ])
    func `what is no handshake is cut, and the next client served`(garbage: String) throws {
        let site = try TestServer()
        let client = try RawClient(site.server.addressTLS!)
        try? client.send(garbage.unicodeScalars.map { UInt8($0.value) })
        client.finishSending()
        try client.untilGone()
        #expect(try site.ask(TestServer.head("GET", "/healthz"), tls: true).status == 200)
        #expect(try site.ask(TestServer.head("GET", "/healthz")).status == 200)
    }

    @Test func `a TLS client on the plain port is told in HTTP`() throws {
        let site = try TestServer()
        #expect(throws: (any Error).self) {
            try RawClient(site.server.address!, tls: RawClient.trustingContext())
        }
        #expect(try site.ask(TestServer.head("GET", "/healthz")).status == 200)
    }

    @Test func `a body that comes too slowly is cut and kept`() throws {
        let site = try TestServer {
            $0.bodyRateBytes = 1000
            $0.bodyRateWindowNanoseconds = 100_000_000
        }
        let client = try site.client()
        try client.send(TestServer.append("a", start: 0, length: 1000) + "h")
        // Each byte comes long before the time without one is over.
        while client.isSilent(forMilliseconds: 10) { try client.send("h") }
        let answer = try client.response()
        #expect(answer.status == 503)
        #expect(answer["X-Error-Code"] == "body-too-slow")
        #expect(answer["Connection"] == "close")
        let kept = try #require(Int(answer.text))
        #expect(kept > 0)
        #expect(try site.status("a") == kept)
    }

    @Test func `what stands before a malformed chunk is kept`() throws {
        let site = try TestServer()
        let client = try site.client()
        // One read finds all of it.
        try client.send(
            TestServer.head("POST", "/upload", ["X-File-Id: a", "X-Start-Byte: 0", "Transfer-Encoding: chunked"])
                + "5\r\nhello\r\n6\r\n world\r\nnonsense\r\n")
        let answer = try client.response()
        #expect(answer.status == 400)
        #expect(answer["X-Error-Code"] == "bad-chunk-size")
        #expect(try site.status("a") == 11)
    }

    @Test func `requests behind a chunked body are all answered, however many came with it`() throws {
        let site = try TestServer()
        let client = try site.client()
        let count = 2000
        let healthy = TestServer.head("GET", "/healthz")
        try client.send(
            TestServer.head("POST", "/upload", ["X-File-Id: a", "Transfer-Encoding: chunked"])
                + "5\r\nhello\r\n0\r\n\r\n" + String(repeating: healthy, count: count))
        #expect(try client.response().text == "5")
        for _ in 0..<count { #expect(try client.response().status == 200) }
    }

    @Test func `no more connections are open than allowed, and the next is served when one goes`() async throws {
        let site = try TestServer { $0.connectionsMax = 3 }
        var clients: [RawClient] = []
        for _ in 0..<3 {
            let client = try site.client()
            try client.send(TestServer.head("GET", "/healthz"))
            #expect(try client.response().status == 200)
            clients.append(client)
        }
        let refused = try site.client()
        let answer = try refused.response()
        #expect(answer.status == 503)
        #expect(answer["X-Error-Code"] == "too-many-connections")
        #expect(answer["Retry-After"] == "5")
        #expect(answer["Connection"] == "close")
        try refused.expectEnd()
        #expect(throws: (any Error).self) { try site.client(tls: true) }
        #expect(site.server.connectionCount == 3)
        clients.removeLast()
        #expect(await site.untilServing(2))
        #expect(try site.ask(TestServer.head("GET", "/healthz")).status == 200)
    }
}
