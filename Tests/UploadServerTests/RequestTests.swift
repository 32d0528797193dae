import TestSupport
import Testing

@testable import UploadServer

/// Single requests and the answers that every client relies on.
@Suite(.timeLimit(.minutes(1))) struct RequestTests {
    let site: TestServer

    init() throws { site = try TestServer() }

    @Test func `every answer has a date and a name of its own`() throws {
        let client = try site.client()
        var names: Set<String> = []
        for target in ["/", "/healthz", "/nothing", "/status"] {
            try client.send(TestServer.head("GET", target))
            let answer = try client.response()
            #expect(answer["Date"]?.hasSuffix(" GMT") == true)
            names.insert(try #require(answer["X-Request-ID"]))
        }
        try client.send("nonsense\r\n\r\n")
        let refusal = try client.response()
        #expect(refusal["Date"]?.hasSuffix(" GMT") == true)
        names.insert(try #require(refusal["X-Request-ID"]))
        #expect(names.count == 5)
    }

    @Test func `HEAD gets the head of GET and nothing else`() throws {
        let stored = try site.ask(
            TestServer.head("PUT", "/files/a.txt", ["Content-Length: 5"]), body: Array("hello".utf8))
        let location = try #require(stored["Location"])
        for target in ["/", "/healthz", "/nothing", location] {
            let client = try site.client()
            try client.send(TestServer.head("GET", target) + TestServer.head("HEAD", target))
            let get = try client.response()
            let head = try client.response(hasContent: false)
            let changing: Set = ["Date", "X-Request-ID"]
            #expect(head.status == get.status)
            #expect(
                head.fields.filter { !changing.contains($0.name) }.map { "\($0.name): \($0.value)" }
                    == get.fields.filter { !changing.contains($0.name) }.map { "\($0.name): \($0.value)" })
            #expect(!get.body.isEmpty)
            client.finishSending()
            try client.expectEnd()
        }
    }

    @Test(arguments: [("*", "POST"), ("/", "HEAD"), ("/files/", "POST"), ("/files/x", "PUT")])
    func `OPTIONS is answered wherever something is`(target: String, method: String) throws {
        let answer = try site.ask(TestServer.head("OPTIONS", target))
        #expect(answer.status == 204)
        #expect(answer["Allow"]?.contains(method) == true)
        #expect(answer["Content-Length"] == nil)
    }

    @Test func `OPTIONS of nothing is 404`() throws {
        #expect(try site.ask(TestServer.head("OPTIONS", "/nothing")).status == 404)
    }

    @Test(arguments: [
        ("GET", "/nothing", 404), ("GET", "/upload", 405), ("DELETE", "/status", 405), ("BREW", "/", 405),
        ("PATCH", "/files/x", 404), ("GET", "/files/", 405), ("GET", "/files/zz", 404), ("GET", "/files/a/b", 404),
        ("GET", "/%zz", 400), ("GET", "/..", 400), ("GET", "/%2e%2e/etc/passwd", 400), ("GET", "//", 404),
        ("GET", "/files/00000000000000000000000000000000", 404), ("PUT", "/files/../x", 400), ("GET", "/?x=y", 200),
        ("GET", "/status/", 404), ("GET", "/STATUS", 404),
    ])
    func `address and method decide`(method: String, target: String, status: Int) throws {
        let answer = try site.ask(TestServer.head(method, target))
        #expect(answer.status == status)
        #expect((answer["Allow"] != nil) == (status == 405))
        #expect((answer["X-Error-Code"] != nil) == (status >= 400))
    }

    @Test(arguments: [false, true]) func `100 Continue is said at once, once, and only then`(tls: Bool) throws {
        let client = try site.client(tls: tls)
        try client.send(TestServer.append("a", start: 0, length: 3, fields: "Expect: 100-continue\r\n"))
        #expect(try client.head().status == 100)
        try client.send("abc")
        let answer = try client.response()
        #expect(answer.status == 200)
        #expect(answer.interim.isEmpty)
        try client.send(TestServer.append("b", start: 0, length: 3) + "abc")
        #expect(try client.response().interim.isEmpty)
        // Without content there is nothing to wait for.
        try client.send(TestServer.append("c", start: 0, length: 0, fields: "Expect: 100-continue\r\n"))
        #expect(try client.response().interim.isEmpty)
    }

    @Test(arguments: [
        TestServer.append("a", start: 7, length: 3, fields: "Expect: 100-continue\r\n"),
        TestServer.append("", start: 0, length: 3, fields: "Expect: 100-continue\r\n"),
        TestServer.head(
            "PUT", "/files/x", ["Content-Length: 3", "Expect: 100-continue", "Content-Range: bytes 0-2/3"]),
        TestServer.head("POST", "/nothing", ["Content-Length: 3", "Expect: 100-continue"]),
        TestServer.head("PUT", "/files/", ["Content-Length: 9223372036854775807", "Expect: 100-continue"]),
    ])
    func `a refusal is never preceded by 100 Continue, and ends the connection`(head: String) throws {
        let client = try site.client()
        try client.send(head)
        let answer = try client.response()
        #expect(answer.status >= 400)
        #expect(answer.interim.isEmpty)
        #expect(answer["Connection"] == "close")
        try client.expectEnd()
    }

    @Test(arguments: [false, true]) func `an early refusal is read although 30 MB are on their way`(tls: Bool) throws {
        let client = try site.client(tls: tls)
        let length = 30_000_000
        try client.send(TestServer.append("a", start: 5, length: length))
        // The client does not look at answers before it has sent everything, as most do.
        try client.send([UInt8](repeating: 7, count: length), every: tls ? nil : 100_000)
        let answer = try client.response()
        #expect(answer.status == 409)
        #expect(answer.reason == "Wrong start byte")
        #expect(answer.text == "0")
        #expect(answer["Connection"] == "close")
        try client.expectEnd()
    }

    @Test func `a small body that nobody wanted leaves the connection usable`() throws {
        let client = try site.client()
        try client.send(TestServer.append("a", start: 5, length: 60_000))
        try client.send([UInt8](repeating: 7, count: 60_000) + Array(TestServer.head("GET", "/healthz").utf8))
        #expect(try client.response().status == 409)
        #expect(try client.response().text == "ok\n")
    }

    @Test(arguments: [
        "PUT /files/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
        "POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: a\r\nContent-Length: 1001\r\n\r\n",
        "POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: a\r\nX-File-Size: 1001\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func `too large is said before the body comes`(head: String) throws {
        let small = try TestServer { $0.sizeMax = 1000 }
        #expect(try small.ask(head).status == 413)
        #expect(small.openFiles.isEmpty && small.finishedFiles.isEmpty)
    }

    @Test func `a body that outgrows the limit is refused when it does`() throws {
        let small = try TestServer { $0.sizeMax = 1000 }
        for target in ["/files/x", "/upload"] {
            let chunked = "Transfer-Encoding: chunked"
            let head =
                target == "/upload"
                ? TestServer.head("POST", target, ["X-File-Id: a", chunked]) : TestServer.head("PUT", target, [chunked])
            let client = try small.client()
            try client.send(head + "3e9\r\n" + String(repeating: "x", count: 1001) + "\r\n0\r\n\r\n")
            #expect(try client.response().status == 413)
        }
        #expect(small.finishedFiles.isEmpty)
        #expect(try small.status("a") == 1000, "what fits is kept, where somebody can come back to it")
        let exact = TestServer.head("PUT", "/files/x", ["Transfer-Encoding: chunked"])
        let body = "3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n0\r\n\r\n"
        #expect(try small.ask(exact, body: Array(body.utf8)).status == 201)
    }
}
