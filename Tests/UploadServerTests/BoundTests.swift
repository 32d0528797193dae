import LinuxSystem
import Reactor
import TestSupport
import Testing

@testable import UploadServer

/// Bounds that hold for as long as what they bound is there: longer than any state that a connection passes through.
@Suite(.timeLimit(.minutes(2))) struct BoundTests {
    /// What a connection can be at.
    enum Stage: CaseIterable {
        case resting, handshaking, atItsHead, atItsBody, atItsForm, atItsDownload
    }

    private func hold(_ stage: Stage, _ site: TestServer, _ location: String) throws -> RawClient {
        let client =
            stage == .handshaking
            ? try RawClient(site.server.addressTLS!) : try site.client(receiveBuffer: 4096)
        switch stage {
        case .resting: break
        case .handshaking: try client.send([22, 3, 1])
        case .atItsHead: try client.send("GET / HTTP/1.1\r\nHost: a\r\n")
        case .atItsBody: try client.send(TestServer.append("held", start: 0, length: 1000) + "x")
        case .atItsForm:
            try client.send(
                TestServer.head(
                    "POST", "/files", ["Content-Length: 1000", "Content-Type: multipart/form-data; boundary=b"])
                    + "--b\r\nContent-Disposition: form-data; name=a; filename=a\r\n\r\nx")
        case .atItsDownload:
            try client.send(TestServer.head("GET", location))
            #expect(try client.head().status == 200)
        }
        return client
    }

    @Test(arguments: Stage.allCases, [true, false])
    func `so many connections are open and no more, whatever they are at and however long`(
        stage: Stage, isOfAddress: Bool
    ) async throws {
        let site = try TestServer {
            if isOfAddress { $0.connectionsPerAddressMax = 3 } else { $0.connectionsMax = 3 }
            $0.threads = 1
        }
        let file = [UInt8](repeating: 1, count: 8 << 20)
        let stored = try site.ask(TestServer.head("PUT", "/files/a", ["Content-Length: \(file.count)"]), body: file)
        let location = try #require(stored["Location"])
        #expect(await site.untilQuiet())
        var clients = try (0..<3).map { _ in try hold(stage, site, location) }
        #expect(await site.untilServing(3))
        // Longer than a connection keeps its task for.
        let end = SystemClock.monotonicNanoseconds + ServerLimits.parkNanoseconds * 3 / 2
        while SystemClock.monotonicNanoseconds < end {
            #expect(try site.client().response().status == 503)
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(site.server.connectionCount == 3)
        clients.removeLast().resetOnClose()
        #expect(await eventually { (try? site.ask(TestServer.head("GET", "/healthz")))?.status == 200 })
        withExtendedLifetime(clients) {}
    }

    @Test(arguments: [1, 16]) func `memory for bodies stays below its bound, however many loops share it`(
        threads: Int
    ) async throws {
        let bound = 4 << 20
        let site = try TestServer {
            $0.bufferMemoryBytes = bound
            $0.threads = threads
        }
        let pools = [site.server.buffers, site.server.sendBuffers]
        let body = [UInt8](repeating: 7, count: 3 << 20)
        let bytes = { @Sendable in pools.reduce(0) { $0 + $1.count * $1.bufferBytes } }
        let most = try await withThrowingTaskGroup { group in
            for index in 0..<24 {
                group.addTask {
                    let head = TestServer.append("m\(index)", start: 0, length: body.count)
                    let stored = try site.ask(head, body: body)
                    #expect(stored.status == 200)
                    let location = try #require(stored["Location"])
                    #expect(try site.ask(TestServer.head("GET", location)).body.count == body.count)
                    return bytes()
                }
            }
            return try await group.reduce(0) { max($0, $1) }
        }
        #expect(most <= bound)
        #expect(most > 0)
        #expect(await eventually { pools.allSatisfy { $0.leasedCount == 0 } })
    }

    @Test func `a body that finds no memory for long is refused, and taken when there is some again`() async throws {
        let site = try TestServer {
            $0.bufferMemoryBytes = 4 << 20
            $0.bufferWaitNanoseconds = 300_000_000
        }
        let body = [UInt8](repeating: 7, count: 1 << 20)
        let held = Buffers(all: site.server.buffers)
        let refused = try site.ask(TestServer.append("waits", start: 0, length: body.count), body: body)
        #expect(refused.status == 503)
        #expect(refused["X-Error-Code"] == "no-buffer")
        #expect(refused["Retry-After"] != nil)
        held.giveBack()
        let have = try site.status("waits")
        let rest = Array(body[have...])
        #expect(
            try site.ask(TestServer.append("waits", start: have, length: rest.count), body: rest).status == 200)
        // Who waits when some comes back goes on by himself.
        let again = Buffers(all: site.server.buffers)
        let client = try site.client()
        try client.send(TestServer.append("goes-on", start: 0, length: body.count))
        try client.send(Array(body[..<200_000]))
        again.giveBack()
        try client.send(Array(body[200_000...]))
        #expect(try client.response().status == 200)
    }

    /// All buffers of a pool, held by the test.
    private final class Buffers {
        private final class One {
            var buffer: AlignedBuffer?
            init(_ buffer: consuming AlignedBuffer) { self.buffer = consume buffer }
        }
        private let pool: BufferPool
        private var held: [One] = []

        init(all pool: BufferPool) {
            self.pool = pool
            while let buffer = pool.tryLease() { held.append(One(buffer)) }
        }

        func giveBack() {
            for one in held { if let buffer = one.buffer.take() { pool.giveBack(buffer) } }
            held = []
        }
    }
}
