import LinuxSystem
import Reactor
import TestSupport
import Testing

@testable import UploadServer

/// Downloads to clients that read slowly, or not at all.
@Suite(.timeLimit(.minutes(1))) struct SlowReaderTests {
    private func place(_ change: @escaping (inout ServerConfiguration) -> Void = { _ in }) throws -> (
        TestServer, String
    ) {
        let site = try TestServer {
            $0.downloadIdleNanoseconds = 1_000_000_000
            change(&$0)
        }
        let file = (0..<4 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let stored = try site.ask(TestServer.head("PUT", "/files/a", ["Content-Length: \(file.count)"]), body: file)
        return (site, try #require(stored["Location"]))
    }

    @Test(arguments: [false, true]) func `who reads steadily is served, however slowly`(tls: Bool) async throws {
        // With so small a buffer the kernel itself pauses for a second now and then, before it tells of its room.
        let (site, location) = try place { $0.downloadIdleNanoseconds = 2_500_000_000 }
        let client = try site.client(tls: tls, receiveBuffer: 4096)
        try client.send(TestServer.head("GET", location))
        #expect(try client.head().status == 200)
        var (received, position) = ([UInt8](), 0)
        // Longer than nothing may leave for, twice, and far slower than what lies in the system would allow.
        let end = SystemClock.monotonicNanoseconds + 6_000_000_000
        while SystemClock.monotonicNanoseconds < end {
            received += try client.bytes(3000)
            try await Task.sleep(for: .milliseconds(100))
        }
        // Every byte is in its place, also where a piece was read again after a pause.
        while position < received.count, received[position] == UInt8(truncatingIfNeeded: position &* 31 >> 3) {
            position += 1
        }
        #expect(position == received.count)
        client.resetOnClose()
        #expect(received.count >= 50_000)
    }

    @Test(arguments: [false, true]) func `who reads nothing is cut, holds no memory meanwhile, and the log says so`(
        tls: Bool
    ) async throws {
        let (site, location) = try place()
        let client = try site.client(tls: tls, receiveBuffer: 4096)
        try client.send(TestServer.head("GET", location))
        #expect(try client.head().status == 200)
        #expect(site.server.connectionCount == 1)
        // Given back long before the client is given up.
        #expect(await eventually { site.server.sendBuffers.leasedCount == 0 })
        #expect(await site.untilQuiet())
        #expect(await eventually { site.logText.contains("note=download-too-slow") })
        withExtendedLifetime(client) {}
    }

    @Test func `who reads less than the least rate is cut`() async throws {
        let (site, location) = try place { $0.bodyRateBytes = 1 << 30 }
        let client = try site.client(receiveBuffer: 4096)
        try client.send(TestServer.head("GET", location))
        #expect(try client.head().status == 200)
        let start = SystemClock.monotonicNanoseconds
        var isCut = false
        while !isCut, SystemClock.monotonicNanoseconds - start < 20_000_000_000 {
            do { _ = try client.bytes(1000) } catch { isCut = true }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(isCut)
        #expect(await eventually { site.logText.contains("note=download-too-slow") })
    }

    @Test func `more downloads than there is memory for come through, each whole`() async throws {
        let (site, location) = try place { $0.bufferMemoryBytes = 4 << 20 }
        let lengths = try await withThrowingTaskGroup { group in
            for _ in 0..<24 {
                group.addTask { try site.ask(TestServer.head("GET", location)).body.count }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(lengths == [Int](repeating: 4 << 20, count: 24))
        #expect(await eventually { site.server.sendBuffers.leasedCount == 0 })
        #expect(site.server.sendBuffers.count <= 4)
    }
}
