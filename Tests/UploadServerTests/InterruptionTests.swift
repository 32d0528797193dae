import TLS
import TestSupport
import Testing

@testable import UploadServer

/// Appends that are cut, or that a newer request takes the upload from.
@Suite(.timeLimit(.minutes(1))) struct InterruptionTests {
    enum Cut: CaseIterable {
        case finish, halfClose, rudeFinish, reset
    }

    /// Everything that the server was sent, in any order of the cuts, is one file in the end.
    static let file: [UInt8] = {
        var generator = SeededGenerator(seed: 11)
        return generator.bytes(3_000_000)
    }()

    let site: TestServer

    init() throws { site = try TestServer() }

    /// Starts an append and sends some of its body. The server has the append in hand when this returns.
    func begin(_ id: String, at start: Int, sending count: Int, tls: Bool = false) throws -> RawClient {
        let client = try site.client(tls: tls)
        let length = InterruptionTests.file.count - start
        try client.send(TestServer.append(id, start: start, length: length, fields: "Expect: 100-continue\r\n"))
        #expect(try client.head().status == 100)
        try client.send(Array(InterruptionTests.file[start..<start + count]))
        return client
    }

    /// Sends the rest and compares the file.
    func finish(_ id: String, at start: Int) throws {
        let rest = Array(InterruptionTests.file[start...])
        #expect(try site.ask(TestServer.append(id, start: start, length: rest.count), body: rest).status == 200)
        #expect(Digest.sha256(try site.onlyFinishedFile()) == Digest.sha256(InterruptionTests.file))
    }

    @Test(arguments: Cut.allCases, [false, true]) func `what came before a cut is kept, to the byte`(
        cut: Cut, tls: Bool
    ) async throws {
        var count = 0
        for piece in [1, 4095, 100_000, 1_500_000] {
            do {
                let client = try begin("a", at: count, sending: piece, tls: tls)
                try client.untilDelivered()
                switch cut {
                case .finish: client.finishSending()
                case .halfClose:
                    client.finishSending()
                    let answer = try client.response()
                    #expect(answer.status == 400)
                    #expect(answer["X-Error-Code"] == "body-cut-short")
                case .rudeFinish: client.finishSendingRudely()
                case .reset: client.resetOnClose()
                }
            }
            #expect(await site.untilQuiet())
            count += piece
            #expect(try site.status("a") == count)
            #expect(await site.untilQuiet())
        }
        try finish("a", at: count)
        #expect(await eventually { await site.server.leasedBufferCount() == 0 })
    }

    @Test(arguments: [false, true]) func `status during an append that moves leaves it alone`(tls: Bool) async throws {
        let client = try begin("a", at: 0, sending: 100_000, tls: tls)
        #expect(await eventually { site.writtenBytes == 100_000 })
        var told = 0
        for step in 1...20 {
            let count = try site.status("a", tls: tls)
            #expect(told...(step * 100_000) ~= count)
            told = count
            try client.send(Array(InterruptionTests.file[(step * 100_000)..<(step * 100_000 + 100_000)]))
        }
        #expect(told > 0)
        try client.send(Array(InterruptionTests.file[2_100_000...]))
        #expect(try client.response().status == 200)
        #expect(Digest.sha256(try site.onlyFinishedFile()) == Digest.sha256(InterruptionTests.file))
    }

    @Test func `what status told of an append that moves survives it`() async throws {
        let client = try begin("a", at: 0, sending: 1_000_000)
        #expect(await eventually { site.writtenBytes == 1_000_000 })
        let told = try site.status("a")
        #expect(told == 1_000_000)
        // It is behind: the append goes on, and the next one is told where it stands.
        try client.send(Array(InterruptionTests.file[1_000_000..<1_500_000]))
        #expect(await eventually { site.writtenBytes == 1_500_000 })
        let next = try site.ask(TestServer.append("a", start: told, length: InterruptionTests.file.count - told))
        #expect(next.status == 409)
        #expect(next.text == "1500000")
        #expect(try client.response().status == 409)
        try finish("a", at: 1_500_000)
    }

    @Test(arguments: [false, true]) func `status ends an append that does not move, and its count is the next start`(
        tls: Bool
    ) async throws {
        let old = try begin("a", at: 0, sending: 1_000_000, tls: tls)
        #expect(await eventually { site.writtenBytes == 1_000_000 })
        var count = 0
        #expect(
            await eventually {
                count = (try? site.status("a", tls: tls)) ?? -1
                return site.fences > 0
            })
        #expect(count == 1_000_000)
        let answer = try old.response()
        #expect(answer.status == 409)
        #expect(answer.reason == "Superseded by a newer request")
        #expect(answer.text == "\(count)")
        #expect(answer["Connection"] == "close")
        try finish("a", at: count)
    }

    @Test func `a newer append takes over from a silent one, and quickly`() async throws {
        // The client has vanished without a word; its connection looks alive.
        let old = try begin("a", at: 0, sending: 1_000_000)
        #expect(await eventually { site.writtenBytes == 1_000_000 })
        let clock = ContinuousClock()
        let start = clock.now
        // It does not know the count and starts anew.
        let restart = try begin("a", at: 0, sending: 0)
        #expect(try old.response().status == 409)
        #expect(clock.now - start < .seconds(1))
        try restart.send(InterruptionTests.file)
        #expect(try restart.response().status == 200)
        #expect(Digest.sha256(try site.onlyFinishedFile()) == Digest.sha256(InterruptionTests.file))
    }

    @Test func `a client that is dead and does not read cannot hold an upload`() async throws {
        let old = try begin("a", at: 0, sending: 500_000)
        #expect(await eventually { site.writtenBytes == 500_000 })
        for _ in 0..<3 { #expect(try site.status("a") == 500_000) }
        try finish("a", at: 500_000)
        _ = old
    }

    @Test func `uploads of different ids do not fence each other`() async throws {
        let first = try begin("a", at: 0, sending: 100_000)
        #expect(await eventually { site.writtenBytes == 100_000 })
        let second = try begin("b", at: 0, sending: 100_000)
        #expect(try site.status("c") == 0)
        for client in [first, second] {
            try client.send(Array(InterruptionTests.file[100_000...]))
            #expect(try client.response().status == 200)
        }
    }

    @Test func `requests that are no good do not disturb an append`() async throws {
        let client = try begin("a", at: 0, sending: 100_000)
        #expect(await eventually { site.writtenBytes == 100_000 })
        #expect(try site.ask(TestServer.head("GET", "/status")).status == 400)
        #expect(try site.ask(TestServer.append("a", start: -1, length: 0)).status == 400)
        try client.send(Array(InterruptionTests.file[100_000...]))
        #expect(try client.response().status == 200)
    }

    @Test(arguments: [false, true]) func `fifty takeovers in a row leave exactly the right bytes`(tls: Bool) throws {
        var generator = SeededGenerator(seed: 7)
        var old: RawClient?
        var count = 0
        // What it implies of the size is wrong: the answer tells the count.
        let ask = TestServer.append("a", start: 0, length: 0, fields: "X-Restart: no\r\n")
        for _ in 0..<50 {
            if let old {
                count = Int(try site.ask(ask, tls: tls).text) ?? -1
                let answer = try old.response()
                #expect(answer.status == 409)
                #expect(answer.text == "\(count)")
            }
            old = try begin("a", at: count, sending: Int.random(in: 0..<50_000, using: &generator), tls: tls)
        }
        try finish("a", at: Int(try site.ask(ask, tls: tls).text) ?? -1)
    }

    @Test func `of clients that start anew over each other the last one wins`() throws {
        var clients: [RawClient] = []
        for round in 0..<20 { clients.append(try begin("a", at: 0, sending: 10_000 * round)) }
        let last = clients.removeLast()
        try last.send(Array(InterruptionTests.file[190_000...]))
        #expect(try last.response().status == 200)
        for client in clients {
            let answer = try client.response()
            #expect(answer.status == 409)
            #expect(answer.reason == "Superseded by a newer request")
            #expect(Int(answer.text) != nil)
        }
        #expect(Digest.sha256(try site.onlyFinishedFile()) == Digest.sha256(InterruptionTests.file))
    }

    @Test func `whole files that race for one id leave one whole file`() async throws {
        let body = Array(InterruptionTests.file[..<200_000])
        let statuses = try await withThrowingTaskGroup { group in
            for _ in 0..<16 {
                group.addTask { [site] in
                    try site.ask(TestServer.append("a", start: 0, length: body.count), body: body).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.contains(200))
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 409 })
        #expect(Digest.sha256(try site.onlyFinishedFile()) == Digest.sha256(body))
        #expect(try site.status("a") == body.count)
    }
}
