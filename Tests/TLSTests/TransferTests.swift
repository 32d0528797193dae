import LinuxSystem
import TestSupport
import Testing

@testable import TLS

@Suite struct TransferTests {
    @Test(arguments: TLSVersion.allCases, [(1, 3, 20_000), (100, 5_000, 300_000), (1 << 20, 1 << 20, 3_000_000)])
    func `bytes arrive as they were, both ways at once`(
        version: TLSVersion, sizes: (read: Int, write: Int, total: Int)
    ) throws {
        let link = try Link.established(only: version)
        var generator = SeededGenerator(seed: 42)
        let up = generator.bytes(sizes.total)
        let down = generator.bytes(sizes.total)
        var (sentUp, sentDown) = (0, 0)
        var (gotUp, gotDown) = ([UInt8](), [UInt8]())
        var rounds = 0
        while gotUp.count < up.count || gotDown.count < down.count {
            try send(up, from: &sentUp, by: link.client, atMost: sizes.write)
            try send(down, from: &sentDown, by: link.server, atMost: sizes.write)
            gotUp += try link.server.read(sizes.read).bytes
            gotDown += try link.client.read(sizes.read).bytes
            rounds += 1
            try #require(rounds < 100_000, "no progress")
        }
        #expect(gotUp == up)
        #expect(gotDown == down)
    }

    private func send(_ bytes: [UInt8], from sent: inout Int, by end: Endpoint, atMost size: Int) throws {
        let count = min(size, bytes.count - sent)
        guard count > 0 else { return }
        // The copy moves the memory from one attempt to the next, which a retry must survive.
        let piece = Array(bytes[sent..<sent + count])
        let result = try piece.withUnsafeBytes { try end.session.write(from: $0.baseAddress!, count: count) }
        if case .bytes(let taken) = result { sent += taken }
    }

    @Test(arguments: TLSVersion.allCases)
    func `a read opens so many records and no more, and says that there may be more`(
        version: TLSVersion
    ) throws {
        let link = try Link.established(only: version)
        let bytes = (0..<TLSLimits.recordsPerRead * 2 + 1).map { UInt8(truncatingIfNeeded: $0) }
        for byte in bytes { try link.client.write([byte]) }
        var received: [UInt8] = []
        for _ in 0..<2 {
            received += try link.server.read(1 << 20).bytes
            #expect(received.count % TLSLimits.recordsPerRead == 0)
            #expect(link.server.comesInCrumbs && !link.server.isDrained)
        }
        received += try link.server.read(1 << 20).bytes
        #expect(received == bytes)
        #expect(link.server.isDrained && !link.server.comesInCrumbs)
    }

    @Test func `full records fill a large buffer in one read`() throws {
        let link = try Link.established()
        let bytes = [UInt8](repeating: 7, count: 5 * TLSLimits.recordBytes)
        try link.client.write(bytes)
        #expect(try link.server.read(1 << 20).bytes == bytes)
        #expect(!link.server.comesInCrumbs)
    }

    @Test(arguments: TLSVersion.allCases) func `buffers that are kept or given back at any moment lose nothing`(
        version: TLSVersion
    ) throws {
        let link = try Link.established(only: version)
        var generator = SeededGenerator(seed: 7)
        let bytes = generator.bytes(2_000_000)
        var (sent, received) = (0, [UInt8]())
        while received.count < bytes.count {
            try send(bytes, from: &sent, by: link.client, atMost: Int.random(in: 1...60_000, using: &generator))
            link.server.session.keepBuffers(Bool.random(using: &generator))
            received += try link.server.read(Int.random(in: 1...90_000, using: &generator)).bytes
        }
        #expect(received == bytes)
    }

    @Test func `a write that would block goes on from moved memory`() throws {
        let link = try Link.established()
        var generator = SeededGenerator(seed: 3)
        let bytes = generator.bytes(2_000_000)
        var (sent, received, blocked) = (0, [UInt8](), 0)
        while received.count < bytes.count {
            if sent < bytes.count {
                let rest = Array(bytes[sent...])
                switch try rest.withUnsafeBytes({
                    try link.server.session.write(from: $0.baseAddress!, count: $0.count)
                }) {
                case .bytes(let taken): sent += taken
                case .wantsWrite: blocked += 1
                case .wantsRead: Issue.record("a write that wants to read")
                }
            }
            if blocked % 2 == 1 || sent == bytes.count { received += try link.client.read(50_000).bytes }
            if sent < bytes.count, blocked % 2 == 1 { blocked += 1 }
        }
        #expect(blocked > 0)
        #expect(received == bytes)
    }

    @Test func `giving up on a write that would block ends the session, not the process`() throws {
        let link = try Link.established()
        let bytes = [UInt8](repeating: 1, count: 4_000_000)
        let first = try bytes.withUnsafeBytes { try link.server.session.write(from: $0.baseAddress!, count: $0.count) }
        #expect(first != .bytes(bytes.count))
        for _ in 0..<2 { #expect(throws: TLSError.self) { try link.server.write([2]) } }
    }

    @Test func `one read fills a large buffer from many records`() throws {
        let link = try Link.established()
        var generator = SeededGenerator(seed: 5)
        let bytes = generator.bytes(100_000)  // seven records
        try link.client.write(bytes)
        let first = try link.server.read(1 << 20)
        #expect(first.result == .bytes(bytes.count))
        #expect(first.bytes == bytes)
        #expect(!link.server.hasBufferedInput)
        #expect(try link.server.read(1).result == .wantsRead)
    }

    @Test func `bytes that were read ahead are told of`() throws {
        let link = try Link.established()
        #expect(!link.server.hasBufferedInput)
        try link.client.write([UInt8](repeating: 1, count: 40_000))
        #expect(try link.server.read(10).result == .bytes(10))
        #expect(link.server.hasBufferedInput)
        #expect(try link.server.read(39_990).result == .bytes(39_990))
        #expect(!link.server.hasBufferedInput)
        #expect(try link.server.read(1).result == .wantsRead)
        #expect(!link.server.hasBufferedInput)
    }

    @Test(arguments: [1, 4, 5, 6, 60])
    func `a part of a record is nothing to read yet`(part: Int) throws {
        let relay = try Relay()
        try relay.client.write(Array("hello".utf8))
        var record = try relay.takeFromClient()
        let rest = Array(record[min(part, record.count - 1)...])
        record.removeLast(rest.count)
        try relay.giveToServer(record)
        #expect(try relay.server.read(100).result == .wantsRead)
        #expect(!relay.server.hasBufferedInput, "a loop that trusts it would spin")
        try relay.giveToServer(rest)
        #expect(try relay.server.read(100).bytes == Array("hello".utf8))
    }

    @Test func `a changed record is refused, and both ends know`() throws {
        let relay = try Relay()
        try relay.client.write(Array("fine".utf8))
        try relay.client.write(Array("hello".utf8))
        var records = try relay.takeFromClient()
        records[records.count - 1] ^= 1
        try relay.giveToServer(records)
        // What came before is still good; the error is found behind it.
        #expect(try relay.server.read(100).bytes == Array("fine".utf8))
        #expect(relay.server.hasBufferedInput)
        let error = #expect(throws: TLSError.self) { try relay.server.read(100) }
        #expect(error?.kind == .protocolViolation)
        #expect(error?.description.contains("bad record mac") == true)
        #expect(!relay.server.hasBufferedInput)
        #expect(throws: TLSError.self) { try relay.server.write([1]) }
        relay.server.session.closeNotify()

        try relay.giveToClient(relay.takeFromServer())
        let alert = #expect(throws: TLSError.self) { try relay.client.read(100) }
        #expect(alert?.kind == .alert("bad record mac"))
        #expect(try relay.takeFromServer().isEmpty, "nothing may follow the alert")
    }
}
