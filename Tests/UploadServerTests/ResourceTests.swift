import TestSupport
import Testing

@testable import UploadServer

/// What a crowd of clients may hold, and what they must give back.
@Suite(.timeLimit(.minutes(1))) struct ResourceTests {
    @Test func `idle connections and slow uploads hold no buffers, and all goes when they go`() async throws {
        let site = try TestServer()
        do {
            let idle = try (0..<1000).map { _ in try site.client(tls: true) }
            var slow: [RawClient] = []
            for index in 0..<200 {
                let client = try site.client(tls: index % 2 == 0)
                try client.send(TestServer.append("s\(index)", start: 0, length: 1 << 20))
                slow.append(client)
            }
            let piece = [UInt8](repeating: 1, count: 1024)
            for round in 1...3 {
                for client in slow { try client.send(piece) }
                #expect(await eventually { site.writtenBytes == round * 200 * 1024 })
                #expect(await eventually { await site.server.leasedBufferCount() == 0 })
            }
            #expect(site.server.connectionCount == 1200)
            #expect(try site.status("s7", tls: true) == 3 * 1024)
            try idle[500].send(TestServer.head("GET", "/healthz"))
            #expect(try idle[500].response().status == 200)
        }
        #expect(await site.untilQuiet())
        #expect(await site.server.leasedBufferCount() == 0)
    }

    @Test func `downloads that nobody reads take nothing from the uploads`() async throws {
        let site = try TestServer { $0.bufferMemoryBytes = 4 << 20 }
        let file = [UInt8](repeating: 1, count: 16 << 20)
        let stored = try site.ask(TestServer.head("PUT", "/files/a", ["Content-Length: \(file.count)"]), body: file)
        let location = try #require(stored["Location"])
        var readers: [RawClient] = []
        for _ in 0..<20 {
            let reader = try site.client(receiveBuffer: 4096)
            try reader.send(TestServer.head("GET", location))
            #expect(try reader.head().status == 200)
            readers.append(reader)
        }
        #expect(
            try site.ask(TestServer.append("b", start: 0, length: 1 << 20), body: Array(file[..<(1 << 20)])).status
                == 200)
        #expect(await site.server.leasedBufferCount() == 0)
    }

    @Test func `uploads that are cut give their buffers back, and more of them than there are buffers get through`()
        async throws
    {
        // Two buffers a loop, many more clients.
        let site = try TestServer { $0.bufferMemoryBytes = 4 << 20 }
        do {
            var clients: [RawClient] = []
            for index in 0..<40 {
                let client = try site.client()
                try client.send(TestServer.append("c\(index)", start: 0, length: 1 << 20))
                _ = try client.sendNow([UInt8](repeating: 1, count: 300_000))
                client.resetOnClose()
                clients.append(client)
            }
        }
        #expect(await site.untilQuiet())
        #expect(await site.server.leasedBufferCount() == 0)
        let body = [UInt8](repeating: 7, count: 1 << 20)
        let statuses = try await withThrowingTaskGroup { group in
            for index in 0..<20 {
                group.addTask {
                    try site.ask(TestServer.append("d\(index)", start: 0, length: body.count), body: body).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [Int](repeating: 200, count: 20))
        #expect(await eventually { await site.server.leasedBufferCount() == 0 })
    }
}
