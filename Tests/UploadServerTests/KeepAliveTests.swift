import TestSupport
import Testing

@testable import UploadServer

/// Several requests on one connection, and what ends it.
@Suite(.timeLimit(.minutes(1))) struct KeepAliveTests {
    @Test(arguments: [false, true]) func `requests follow one another on one connection`(tls: Bool) throws {
        let site = try TestServer()
        let client = try site.client(tls: tls)
        for count in 0..<20 {
            try client.send(TestServer.append("a", start: count, length: 1, fields: "X-File-Size: \(count + 1)\r\n"))
            try client.send("x")
            // Each says another size, so only the first is the file.
            let answer = try client.response()
            #expect(answer.status == (count == 0 ? 200 : 409))
            #expect(answer["Connection"] == nil)
        }
        try client.send(TestServer.head("GET", "/healthz"))
        #expect(try client.response().text == "ok\n")
    }

    @Test(arguments: [false, true]) func `a connection that has given up its task serves on`(tls: Bool) async throws {
        let site = try TestServer()
        let (client, silent) = (try site.client(tls: tls), try site.client(tls: tls))
        for round in 1...2 {
            try client.send(TestServer.head("GET", "/healthz"))
            #expect(try client.response().text == "ok\n")
            #expect(await eventually { site.server.restedConnections >= 2 * round })
            // In drops, so that it is woken and has nothing to do yet.
            try silent.send("GET /healthz HT")
            try silent.send("TP/1.1\r\nHost: a\r\n\r\n")
            #expect(try silent.response().text == "ok\n")
        }
        client.finishSending()
        try client.expectEnd()
        silent.finishSending()
        try silent.expectEnd()
        #expect(await site.untilQuiet())
    }

    @Test(arguments: [false, true]) func `a connection that has given up its task ends when its time is over`(
        tls: Bool
    ) async throws {
        let site = try TestServer { $0.idleNanoseconds = 2_000_000_000 }
        let client = try site.client(tls: tls)
        try client.send(TestServer.head("GET", "/healthz"))
        #expect(try client.response().text == "ok\n")
        try client.expectEnd()
        // Once when it came to rest, once at its end.
        #expect(await eventually { site.server.restedConnections == 2 })
        #expect(await site.untilQuiet())
    }

    @Test(arguments: [false, true]) func `connections that wait without a task are closed by a stop`(
        tls: Bool
    ) async throws {
        let site = try TestServer()
        let client = try site.client(tls: tls)
        try client.send(TestServer.head("GET", "/healthz"))
        #expect(try client.response().text == "ok\n")
        #expect(await eventually { site.server.restedConnections == 1 })
        site.server.stop()
        try client.expectEnd()
        #expect(await site.untilQuiet())
    }

    @Test(arguments: [false, true]) func `requests that share a packet are answered in order`(tls: Bool) throws {
        let site = try TestServer()
        let client = try site.client(tls: tls)
        let status = TestServer.head("GET", "/status", ["X-File-Id: a"])
        try client.send(
            status + TestServer.append("a", start: 0, length: 5) + "hello" + status
                + "POST /files/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"
                + TestServer.head("GET", "/nothing") + TestServer.head("HEAD", "/healthz")
                + TestServer.head("GET", "/healthz"))
        #expect(try client.response().text == "0")
        #expect(try client.response().text == "5")
        #expect(try client.response().text == "5")
        #expect(try client.response().status == 201)
        #expect(try client.response().status == 404)
        #expect(try client.response(hasContent: false).status == 200)
        #expect(try client.response().text == "ok\n")
    }

    @Test(arguments: [1, 2, 3, 7, 64]) func `splits change nothing`(piece: Int) throws {
        let site = try TestServer()
        let client = try site.client()
        let text =
            TestServer.append("a", start: 0, length: 11) + "hello world" + TestServer.head("GET", "/healthz")
            + "POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: b\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=y\r\nhello\r\n6;q=\"a;b\"\r\n world\r\n000\r\nTrailer: t\r\n\r\n"
            + TestServer.head("GET", "/status", ["X-File-Id: b"])
        try client.send(Array(text.utf8), every: piece)
        #expect(try client.response().text == "11")
        #expect(try client.response().text == "ok\n")
        #expect(try client.response().text == "11")
        #expect(try client.response().text == "11")
        #expect(site.finishedFiles.count == 2)
    }

    @Test(arguments: [false, true]) func `Connection close is obeyed and said`(tls: Bool) throws {
        let site = try TestServer()
        let client = try site.client(tls: tls)
        try client.send(TestServer.head("GET", "/healthz", ["Connection: close"]))
        #expect(try client.response()["Connection"] == "close")
        try client.expectEnd()
    }

    @Test func `what follows a last request cannot eat its answer`() throws {
        let site = try TestServer()
        let client = try site.client()
        // A close with bytes unread is a reset: the client could not send the rest, and might never see the answer.
        let more = String(repeating: TestServer.head("GET", "/healthz"), count: 500_000)
        try client.send(TestServer.head("GET", "/", ["Connection: close"]) + more)
        #expect(try client.response().status == 200)
        try client.expectEnd()
    }

    @Test func `HTTP 1.0 closes unless asked to stay, and then says so`() throws {
        let site = try TestServer()
        let client = try site.client()
        try client.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try client.response()["Connection"]?.lowercased() == "keep-alive")
        try client.send("GET /healthz HTTP/1.0\r\n\r\n")
        #expect(try client.response()["Connection"] == "close")
        try client.expectEnd()
    }

    @Test func `an idle connection is closed without a word`() throws {
        let site = try TestServer { $0.idleNanoseconds = 50_000_000 }
        let client = try site.client()
        try client.send(TestServer.head("GET", "/healthz"))
        #expect(try client.response().status == 200)
        try client.expectEnd()
    }

    @Test(arguments: [false, true]) func `a client that has finished sending still gets its answers`(tls: Bool) throws {
        let site = try TestServer()
        let client = try site.client(tls: tls)
        try client.send(TestServer.head("GET", "/healthz") + TestServer.append("a", start: 0, length: 2) + "ab")
        client.finishSending()
        #expect(try client.response().status == 200)
        #expect(try client.response().status == 200)
        try client.expectEnd()
    }

    @Test func `a fence that comes too late does not end the connection`() throws {
        let site = try TestServer()
        var clients = [try site.client(), try site.client()]
        for round in 0..<300 {
            // The append and its fence race. Whatever comes of it, a connection is only closed after that was said.
            let appender = round % 2
            try clients[appender].send(TestServer.append("r\(round)", start: 0, length: 1) + "x")
            try clients[1 - appender].send(TestServer.head("GET", "/status", ["X-File-Id: r\(round)"]))
            try #require(try clients[1 - appender].response().status == 200)
            let answer = try clients[appender].response()
            try #require([200, 409].contains(answer.status))
            if answer["Connection"] == "close" { clients[appender] = try site.client() }
        }
    }
}
