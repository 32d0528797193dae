import Logging
import Storage
import TestSupport
import Testing
import Uploads

@testable import UploadServer

/// The sweep, by a clock that a test moves; and what a client is told before and after.
@Suite struct ExpiryTests {
    private static let idleSeconds: Int64 = 100

    private let directory: TemporaryDirectory
    private let clock = MovableClock(1_000_000)

    init() throws { directory = try TemporaryDirectory() }

    @Test func `an upload past its time is 410, swept or not, then 404`() async throws {
        let open = try create(serving(), "Upload-Length: 10", body: "some")
        clock.seconds += Self.idleSeconds
        // Swept already or not: the server's own sweep begins when it starts.
        #expect(try head(serving(), open).status == 410)
        _ = try await sweep()
        do {
            let server = try serving()
            #expect(try head(server, open).status == 410)
            #expect(server.openFiles == [])
        }
        clock.seconds += Self.idleSeconds
        #expect(try await sweep() == 1)
        #expect(try head(serving(), open).status == 404)
    }

    @Test func `an append starts the time anew`() async throws {
        let open = try create(serving(), "Upload-Length: 10", body: "some")
        clock.seconds += Self.idleSeconds - 1
        do {
            let server = try serving()
            let fields = ["Tus-Resumable: 1.0.0", "Upload-Offset: 4", "Content-Length: 1", Self.type]
            #expect(try server.ask(TestServer.head("PATCH", open, fields), body: [1]).status == 204)
        }
        clock.seconds += Self.idleSeconds - 1
        #expect(try await sweep() == 0)
        #expect(try head(serving(), open)["Upload-Offset"] == "5")
    }

    @Test func `a wall clock that leaps while the server runs ends nothing`() throws {
        let server = try serving()
        let open = try create(server, "Upload-Length: 10", body: "some")
        clock.seconds += 365 * 86_400
        #expect(try head(server, open)["Upload-Offset"] == "4")
        clock.seconds -= 365 * 86_400
        #expect(try head(server, open)["Upload-Offset"] == "4")
    }

    @Test func `finished files stay`() async throws {
        let whole = try create(serving(), "Upload-Length: 4", body: "some")
        clock.seconds += 10 * Self.idleSeconds
        #expect(try await sweep() == 0)
        do {
            let server = try serving()
            #expect(try head(server, whole)["Upload-Offset"] == "4")
            #expect(try server.ask(TestServer.head("GET", whole)).text == "some")
        }
    }

    @Test func `a whole lives as long as a part that it waits for`() async throws {
        let part: String
        let whole: String
        do {
            let server = try serving()
            part = try create(server, "Upload-Length: 4\r\nUpload-Concat: partial", body: "so")
            whole = try create(server, "Upload-Concat: final;\(part)", body: "")
        }
        clock.seconds += Self.idleSeconds - 1
        do {
            let server = try serving()
            let fields = ["Tus-Resumable: 1.0.0", "Upload-Offset: 2", "Content-Length: 1", Self.type]
            #expect(try server.ask(TestServer.head("PATCH", part, fields), body: [1]).status == 204)
        }
        // The whole's own time is over, the part's is not.
        clock.seconds += 2
        _ = try await sweep()
        do {
            let server = try serving()
            #expect(try head(server, whole).status == 200)
            let fields = ["Tus-Resumable: 1.0.0", "Upload-Offset: 3", "Content-Length: 1", Self.type]
            #expect(try server.ask(TestServer.head("PATCH", part, fields), body: [2]).status == 204)
            #expect(try head(server, whole)["Upload-Offset"] == "4")
        }
    }

    @Test func `more than one step's worth goes in steps`() async throws {
        let count = ServerLimits.sweepStepUploads + 3
        do {
            let server = try serving()
            for _ in 0..<count { _ = try create(server, "Upload-Length: 10", body: "") }
        }
        clock.seconds += Self.idleSeconds
        #expect(try await sweep() == 2)
        #expect(try await sweep() == 0)
    }

    @Test(arguments: DialectName.allCases.filter(\.isResumable))
    func `every dialect's unfinished uploads expire`(dialect: DialectName) async throws {
        let id = UploadID.random()
        do {
            var configuration = StoreConfiguration(path: "\(directory.path)/data", durability: .process)
            configure(&configuration)
            let store = try LocalStore.open(configuration)
            defer { store.close() }
            var claim = try await store.claim(id, onFence: {})
            try await claim.create(
                Upload(id: id, dialect: dialect, length: 10, name: .fallback, createdSeconds: clock.seconds),
                isDurable: true)
        }
        clock.seconds += Self.idleSeconds - 1
        #expect(try await sweep() == 0)
        #expect(try [200, 204].contains(look(serving(), "/files/\(id)")))
        clock.seconds += 1
        #expect(try await sweep() == 1)
        do {
            let server = try serving()
            #expect(server.openFiles == [])
            #expect(try [404, 410].contains(look(server, "/files/\(id)")))
        }
    }

    @Test func `a file id whose upload has expired begins anew`() async throws {
        do {
            let server = try serving()
            let client = try server.client()
            let fields = ["X-File-Id: b", "X-Start-Byte: 0", "Content-Length: 9"]
            try client.send(TestServer.head("POST", "/upload", fields) + "some")
            try client.untilDelivered()
            client.finishSending()
            #expect(try client.response().status == 400)
            #expect(try server.status("b") == 4)
        }
        clock.seconds += Self.idleSeconds
        #expect(try await sweep() == 1)
        #expect(try serving().status("b") == 0)
    }

    @Test func `a finished file outlives an attempt to replace it`() async throws {
        let location: String
        do {
            let server = try serving()
            let append = TestServer.append("b", start: 0, length: 4)
            location = try server.ask(append, body: Array("some".utf8))["Location"]!
            let client = try server.client()
            try client.send(append + "an")
            try client.untilDelivered()
            client.finishSending()
            #expect(try client.response().status == 400)
            #expect(try server.status("b") == 2)
        }
        for _ in 1...3 {
            clock.seconds += Self.idleSeconds
            _ = try await sweep()
        }
        do {
            let server = try serving()
            #expect(try server.status("b") == 4)
            #expect(try server.ask(TestServer.head("GET", location)).text == "some")
            #expect(server.openFiles == [])
        }
    }

    // MARK: The server, and the sweep on what it left

    private static let type = "Content-Type: application/offset+octet-stream"

    /// A server on the directory, by the clock, until it is let go of.
    private func serving() throws -> TestServer { try TestServer(directory) { configure(&$0.store) } }

    private func configure(_ store: inout StoreConfiguration) {
        store.expiry = ExpiryPolicy(idleSeconds: Self.idleSeconds)
        store.wallSeconds = { [clock] in clock.seconds }
    }

    /// Sweeps until nothing more is due, no server running. Answers how many steps that took.
    private func sweep() async throws -> Int {
        var store = StoreConfiguration(path: "\(directory.path)/data", durability: .process)
        configure(&store)
        let open = try LocalStore.open(store)
        let writer = try LogWriter(descriptor: 2)
        let log = ServerLog(writer: writer, format: .text, level: .error)
        let state = ServerState(credentials: nil, portTLS: nil, log: log)
        let supervisor = Supervisor(
            loops: [], reloader: Reloader(state: state, places: [], source: nil, log: log),
            certificateCheckNanoseconds: .max, service: nil)
        let context = ServerContext(
            configuration: ServerConfiguration(store: store), store: open, deliverer: nil, log: log,
            loops: [],
            supervisor: supervisor, state: state)
        var steps = 0
        if try await !open.expiredUploads(at: clock.seconds, limit: 1).isEmpty {
            var last: ExpiredUpload?
            repeat {
                last = try await ExpirySweep(server: context).step(after: last, begin: { await $0() }, pause: {})
                steps += 1
            } while last != nil
        }
        open.close()
        writer.close()
        return steps
    }

    private func create(_ server: TestServer, _ fields: String, body: String) throws -> String {
        var lines = ["Tus-Resumable: 1.0.0", fields, "Content-Length: \(body.utf8.count)"]
        if !body.isEmpty { lines.append(Self.type) }
        let answer = try server.ask(TestServer.head("POST", "/files", lines), body: Array(body.utf8))
        #expect(answer.status == 201)
        return answer["Location"]!
    }

    /// How an upload's address is answered, whatever has made it.
    private func look(_ server: TestServer, _ location: String) throws -> Int {
        try server.ask(TestServer.head("HEAD", location)).status
    }

    private func head(_ server: TestServer, _ location: String) throws -> RawResponse {
        try server.ask(TestServer.head("HEAD", location, ["Tus-Resumable: 1.0.0"]))
    }
}
