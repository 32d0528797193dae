import TestSupport
import Testing

@testable import UploadServer

/// The end of a server that has much to do.
@Suite(.timeLimit(.minutes(1))) struct StopTests {
    @Test(arguments: [false, true]) func `a stop settles every append and tells its client to come again`(
        tls: Bool
    ) async throws {
        let site = try TestServer()
        var clients: [RawClient] = []
        var sent = 0
        for index in 0..<50 {
            let client = try site.client(tls: tls)
            try client.send(TestServer.append("f\(index)", start: 0, length: 1_000_000))
            try client.send([UInt8](repeating: UInt8(index), count: index * 500))
            sent += index * 500
            clients.append(client)
        }
        let idle = try site.client(tls: tls)
        let fetching = try site.client(tls: tls)
        try fetching.send(TestServer.head("GET", "/healthz"))
        #expect(try fetching.response().status == 200)
        #expect(await eventually { site.writtenBytes == sent })
        site.server.stop()
        for (index, client) in clients.enumerated() {
            let answer = try client.response()
            #expect(answer.status == 503, "\(index)")
            #expect(answer["Retry-After"] != nil)
            #expect(answer["Connection"] == "close")
        }
        try idle.untilGone()
        try fetching.expectEnd()
        clients = []
        #expect(site.server.waitUntilStopped())
        let again = try TestServer(site.directory)
        for index in 0..<50 { #expect(try again.status("f\(index)") == index * 500) }
    }

    @Test func `whoever comes after the stop is refused at once, while an old client still lingers`() async throws {
        let site = try TestServer()
        let count = 8 << 20
        let created = try site.ask(
            TestServer.head("PUT", "/files/big", ["Content-Length: \(count)"]),
            body: [UInt8](repeating: 7, count: count))
        // What is being sent to it keeps the server there.
        let client = try site.client(receiveBuffer: 64 << 10)
        try client.send(TestServer.head("GET", try #require(created["Location"])))
        #expect(try client.head().status == 200)
        site.server.stop()
        #expect(await eventually { (try? site.client()) == nil })
        #expect(site.server.connectionCount == 1)
        #expect(try client.bytes(count).count == count)
        client.finishSending()
        #expect(site.server.waitUntilStopped())
    }

    @Test(arguments: [false, true]) func `a connection that is being closed holds no stop up`(
        tls: Bool
    ) async throws {
        let clock = ContinuousClock()
        let site = try TestServer()
        // Refused before its body, which the client goes on with for as long as it likes.
        let client = try site.client(tls: tls)
        try client.send(TestServer.head("PUT", "/files/big", ["Content-Length: 100000000000000"]))
        #expect(try client.response().status == 413)
        let start = clock.now
        site.server.stop()
        #expect(site.server.waitUntilStopped())
        // Ten seconds is what it would have otherwise.
        #expect(clock.now - start < .seconds(6))
    }

    @Test(arguments: [false, true]) func `who has connected before the stop is heard, and answered for the last time`(
        tls: Bool
    ) async throws {
        // Time enough for this test, whatever else the machine does.
        let site = try TestServer { $0.stopRequestNanoseconds = 60_000_000_000 }
        // An append that lingers keeps the server there.
        let old = try site.client()
        try old.send(TestServer.append("a", start: 0, length: 10) + "hello")
        let fresh = try site.client(tls: tls)
        let late = try site.client(tls: tls)
        try late.send("GET /status HTTP/1.1\r\nHost: a\r\nX-Fi")
        #expect(await site.untilServing(3))
        #expect(await eventually { site.writtenBytes == 5 })
        site.server.stop()
        #expect(try old.response().status == 503)
        try late.send("le-Id: a\r\n\r\n")
        let told = try late.response()
        #expect(told.status == 200 && told.text == "5" && told["Connection"] == "close")
        try fresh.send(TestServer.append("b", start: 0, length: 5) + "hello")
        let refused = try fresh.response()
        #expect(refused.status == 503 && refused["X-Error-Code"] == "stopping" && refused["Connection"] == "close")
        old.finishSending()
        fresh.finishSending()
        #expect(site.server.waitUntilStopped())
    }

    @Test(arguments: [false, true]) func `a download that began before the stop comes whole`(tls: Bool) async throws {
        let site = try TestServer()
        let count = 8 << 20
        let length = "Content-Length: \(count)"
        let created = try site.ask(
            TestServer.head("PUT", "/files/big", [length]), body: [UInt8](repeating: 7, count: count))
        let client = try site.client(tls: tls, receiveBuffer: 64 << 10)
        try client.send(TestServer.head("GET", try #require(created["Location"])))
        #expect(try client.head().status == 200)
        site.server.stop()
        #expect(await eventually { (try? site.client()) == nil })
        #expect(try client.bytes(count).allSatisfy { $0 == 7 })
        client.finishSending()
        #expect(site.server.waitUntilStopped())
    }

    @Test func `a stop names the request that does not come to its end, and ends all the same`() throws {
        let site = try TestServer {
            $0.dialects = [Unruly.self] + ServedDialects.all
            ($0.stopPatienceNanoseconds, $0.stopClientsNanoseconds) = (1_000_000, 300_000_000)
        }
        let client = try site.client()
        try client.send(TestServer.head("PUT", "/files/a", ["X-Deed: waitsForever", "Content-Length: 0"]))
        #expect(try client.head().status == 104)
        site.server.stop()
        #expect(!site.server.waitUntilStopped())
        let lines = site.logText.split(separator: "\n").filter { $0.contains("a request does not end") }
        // When its time is short, and when it is over.
        #expect(lines.count == 2)
        for line in lines {
            let words = ["error ", "dialect=plain", "method=PUT", "path=/files/a", "status=0", "ms=", "request="]
            #expect(words.allSatisfy { line.contains($0) }, "\(line)")
        }
    }

    @Test func `a server with nothing to do stops at once`() throws {
        let clock = ContinuousClock()
        let site = try TestServer()
        let clients = try (0..<20).map { try site.client(tls: $0 % 2 == 0) }
        let start = clock.now
        site.server.stop()
        site.server.stop()
        #expect(site.server.waitUntilStopped())
        #expect(clock.now - start < .seconds(5))
        for client in clients { try client.untilGone() }
    }
}
