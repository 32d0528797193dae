import TestSupport
import Testing

@testable import UploadServer

/// Which loop a connection lives on.
@Suite(.timeLimit(.minutes(1))) struct PlacementTests {
    @Test func `two uploads run on two loops, a hundred times of a hundred, whoever idles beside them`() async throws {
        let site = try TestServer()
        // An odd number, so that the loops are not evenly taken.
        let idle = try (0..<7).map { _ in try site.client() }
        for client in idle[..<3] {
            try client.send(TestServer.head("GET", "/healthz"))
            #expect(try client.response().text == "ok\n")
        }
        #expect(await eventually { site.server.busyConnections == [0, 0] })
        for round in 0..<100 {
            let written = site.writtenBytes
            let pair = try (0..<2).map { _ in try site.client(tls: round % 2 == 1) }
            for (index, client) in pair.enumerated() {
                try client.send(TestServer.append("\(round)-\(index)", start: 0, length: 300_000))
                try client.send([UInt8](repeating: 1, count: 150_000))
            }
            #expect(await eventually { site.writtenBytes == written + 300_000 })
            #expect(site.server.busyConnections == [1, 1])
            for client in pair {
                try client.send([UInt8](repeating: 1, count: 150_000))
                #expect(try client.response().status == 200)
            }
            #expect(await eventually { site.server.busyConnections == [0, 0] })
        }
        #expect(site.server.connectionCount >= idle.count)
    }
}
