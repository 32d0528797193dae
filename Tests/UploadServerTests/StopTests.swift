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
        let client = try site.client()
        try client.send(TestServer.append("a", start: 0, length: 10) + "hello")
        #expect(await eventually { site.writtenBytes == 5 })
        site.server.stop()
        #expect(try client.response().status == 503)
        // The old client keeps its connection open, so the server is still there.
        #expect(await eventually { (try? site.client()) == nil })
        #expect(site.server.connectionCount == 1)
        client.finishSending()
        #expect(site.server.waitUntilStopped())
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
