import TestSupport
import Testing

@testable import UploadServer

/// A dialect that is half done, or wrong, ends its own request and nothing else.
@Suite(.timeLimit(.minutes(1))) struct HandlerFaultTests {
    private let site: TestServer

    init() throws { site = try TestServer { $0.dialects = [Unruly.self] + ServedDialects.all } }

    private static func head(_ deed: Unruly.Deed) -> String {
        TestServer.head("PUT", "/files/a", ["X-Deed: \(deed)", "Content-Length: 1"])
    }

    private func ask(_ deed: Unruly.Deed) throws -> RawResponse {
        try site.ask(HandlerFaultTests.head(deed), body: [1])
    }

    /// The log's lines of level error.
    private func untilTold(_ words: String) async -> Bool {
        await eventually {
            site.logText.split(separator: "\n").contains {
                $0.contains("error   a handler failed") && $0.contains(words)
            }
        }
    }

    private func expectService() throws {
        #expect(try site.ask(TestServer.head("PUT", "/files/b", ["Content-Length: 1"]), body: [1]).status == 201)
    }

    /// What a handler does before an answer has left, and what the log calls it.
    private static let early: [(Unruly.Deed, String)] = [
        (.ownError, "OwnError"), (.silence, "unanswered"), (.interimAnswer, "interimAnswer"),
        (.finalInterim, "lateInterim"), (.interimSwitch, "lateInterim"), (.negativeLength, "negativeLength"),
        (.framesItself, "Transfer-Encoding"), (.keepsOpen, "connection"),
        (.tellsLength, "Content-Length"), (.tellsLengths, "content-length"),
        (.switches, "Upgrade"),
        (.interimFrame, "Content-Length"), (.contentFirst, "contentFirst"),
        (.forbiddenContent, "contentTooMuch"), (.forbiddenLength, "contentTooMuch"),
        (.forbiddenStream, "contentTooMuch"), (.resetContent, "contentTooMuch"),
        (.takesPart, "overflowTaken"), (.refusesWell, "refusedWith"), (.answersLong, "answerTooLong"),
        (.informsLong, "answerTooLong"),
    ]

    /// And behind it.
    private static let late: [(Unruly.Deed, String)] = [
        (.ownErrorLate, "OwnError"), (.refusalLate, "answeredTwice"), (.secondAnswer, "answeredTwice"),
        (.secondHead, "answeredTwice"), (.lateInterim, "lateInterim"), (.lateStream, "answeredTwice"),
        (.lateFile, "contentTooMuch"),
    ]

    @Test(arguments: early)
    func `what goes wrong before the answer is 500, and the log says what`(deed: Unruly.Deed, words: String)
        async throws
    {
        let answer = try ask(deed)
        #expect((answer.status, answer["X-Error-Code"]) == (500, "internal"))
        #expect(await untilTold(words))
        try expectService()
    }

    @Test func `an answer that is too long is in the log as what came of it`() async throws {
        #expect(try ask(.answersLong).status == 500)
        #expect(await untilTold("answerTooLong(bytes: 700"))
        #expect(
            await eventually {
                site.logText.split(separator: "\n").contains {
                    $0.contains("path=/files/a ") && $0.contains("status=500 ") && $0.contains("note=internal")
                }
            })
    }

    @Test(arguments: [Unruly.Deed.asksHeld, .claimsHeld, .claimsNewHeld, .pinsHeld, .asksWritten])
    func `who would wait for itself is told so at once, and lets go`(deed: Unruly.Deed) throws {
        let answer = try ask(deed)
        #expect((answer.status, answer["X-Error-Code"]) == (500, "storage-misuse"))
        try expectService()
    }

    @Test func `an upload that is not there is 404, whoever finds that out`() throws {
        let answer = try ask(.asksUnknown)
        #expect((answer.status, answer["X-Error-Code"]) == (404, "unknown-upload"))
    }

    @Test func `what a handler says nothing of is not to be kept by anybody on the way`() throws {
        #expect(try ask(.splitsField)["Cache-Control"] == "no-store")
        #expect(try ask(.silence)["Cache-Control"] == "no-store")
        #expect(try site.ask(TestServer.head("GET", "/"))["Cache-Control"] == "no-cache")
    }

    @Test(arguments: late)
    func `what goes wrong behind the answer ends the connection, and the answer arrives`(
        deed: Unruly.Deed, words: String
    ) async throws {
        let client = try site.client()
        try client.send(Array(HandlerFaultTests.head(deed).utf8) + [1])
        #expect(try client.response().status == 204)
        try client.expectEnd()
        #expect(await untilTold(words))
        try expectService()
    }

    @Test func `what a client has said ends no line of an answer`() throws {
        let answer = try ask(.splitsField)
        #expect(answer.status == 200 && answer["X-Deed"] == "a  X-Other: b    c d e")
        #expect(answer["X-Other"] == nil && answer["X-Third"] == nil)
        try expectService()
    }

    @Test func `an answer that lacks some of its content is seen to be broken`() async throws {
        let client = try site.client()
        try client.send(Array(HandlerFaultTests.head(.missingContent).utf8) + [1])
        #expect(try client.head()["Content-Length"] == "5")
        #expect(throws: RawClient.Failure.self) { try client.bytes(1) }
        #expect(await untilTold("contentMissing"))
        try expectService()
    }

    @Test func `whatever a handler says that it has sent ends its connection alone`() async throws {
        let client = try site.client()
        try client.send(Array(HandlerFaultTests.head(.countsMuch).utf8) + [1])
        #expect(try client.response().status == 200)
        try client.expectEnd()
        #expect(await untilTold("contentTooMuch"))
        try expectService()
    }

    @Test func `an answer that is never ended is seen to be broken`() async throws {
        let client = try site.client()
        try client.send(Array(HandlerFaultTests.head(.leavesStream).utf8) + [1])
        #expect(try client.head().status == 200)
        #expect(throws: RawClient.Failure.self) { try client.bytes(1) }
        #expect(await untilTold("streamUnended"))
        let end = try HandlerFaultTests.end(of: .leavesStream, stream: 1, on: http2())
        #expect(end.code == 2)
        try expectService()
    }

    @Test func `what a part of was taken leaves nothing behind`() async throws {
        #expect(try ask(.takesPart).status == 500)
        #expect(site.openFiles.isEmpty && site.finishedFiles.isEmpty)
    }

    @Test func `no dialect takes more than a file may have, though nobody has told its length`() throws {
        let site = try TestServer {
            $0.dialects = [Unruly.self] + ServedDialects.all
            $0.sizeMax = 100
        }
        for (count, status) in [(100, 201), (101, 413)] {
            let answer = try site.ask(
                TestServer.head("PUT", "/files/a", ["X-Deed: takesAnySize", "Content-Length: \(count)"]),
                body: [UInt8](repeating: 1, count: count))
            #expect(answer.status == status)
        }
        #expect(site.openFiles.isEmpty && site.finishedFiles.count == 1)
    }

    @Test(arguments: [Unruly.Deed.tooMuchContent, .tooMuchFile])
    func `an answer that has more content than it promised is the last one of its connection`(
        deed: Unruly.Deed
    ) async throws {
        let client = try site.client()
        try client.send(Array(HandlerFaultTests.head(deed).utf8) + [1])
        #expect(try client.response().status == 200)
        try client.expectEnd()
        #expect(await untilTold("contentTooMuch"))
        try expectService()
    }

    @Test func `no dialect makes an upload that is larger than files may be`() async throws {
        let answer = try ask(.storesMuch)
        #expect((answer.status, answer["X-Error-Code"]) == (413, "too-large"))
        try expectService()
    }

    @Test func `over HTTP/2 the stream is reset, and the connection goes on`() throws {
        let client = try http2()
        // NO_ERROR behind a whole answer, INTERNAL_ERROR in place of the rest of one.
        let deeds: [(Unruly.Deed, [UInt8], UInt8)] =
            HandlerFaultTests.late.map { ($0.0, [0x89], 0) } + [(.missingContent, [], 2), (.tooMuchFile, [0x88], 0)]
        for (index, (deed, statuses, code)) in deeds.enumerated() {
            let end = try HandlerFaultTests.end(of: deed, stream: UInt8(2 * index + 1), on: client)
            #expect(end.statuses == statuses && end.code == code, "\(deed): \(end)")
        }
        try expectService()
    }

    @Test func `over HTTP/2 what goes wrong before the answer is 500 as well`() throws {
        let client = try http2()
        // No content is sent here, of which a part could be taken.
        for (index, (deed, _)) in HandlerFaultTests.early.filter({ $0.0 != .takesPart }).enumerated() {
            let end = try HandlerFaultTests.end(of: deed, stream: UInt8(2 * index + 1), on: client)
            #expect(end.statuses == [0x8E] && end.code == 0, "\(deed): \(end)")
        }
        try expectService()
    }

    // MARK: Uploads of others

    @Test func `a dialect makes no upload of another one`() async throws {
        let answer = try ask(.otherUpload)
        #expect((answer.status, answer["X-Error-Code"]) == (500, "internal"))
        #expect(await untilTold("otherDialect"))
        #expect(site.openFiles.isEmpty && site.finishedFiles.isEmpty)
    }

    @Test(arguments: [Unruly.Deed.otherAppend, .otherRestart])
    func `a dialect appends to no upload of another one, and begins none anew`(deed: Unruly.Deed) async throws {
        let client = try site.client()
        try client.send(Array(TestServer.append("a", start: 0, length: 11).utf8) + Array("hello".utf8))
        client.finishSending()
        #expect(try client.response()["X-Error-Code"] == "body-cut-short")
        #expect(try ask(deed).status == 500)
        #expect(await untilTold("otherDialect"))
        #expect(try site.status("a") == 5)
        let rest = try site.ask(TestServer.append("a", start: 5, length: 6), body: Array(" world".utf8))
        #expect(rest.status == 200)
        #expect(try site.onlyFinishedFile() == Array("hello world".utf8))
    }

    @Test func `file-id appends to nothing that another dialect has begun`() throws {
        #expect(try ask(.takesFileID).status == 204)
        for start in [0, 1] {
            let answer = try site.ask(
                TestServer.append("a", start: start, length: 11 - start), body: [UInt8](repeating: 1, count: 11 - start)
            )
            #expect((answer.status, answer["X-Error-Code"]) == (409, "wrong-dialect"))
        }
        let question = try site.ask(TestServer.head("GET", "/status", ["X-File-Id: a"]))
        #expect((question.status, question["X-Error-Code"]) == (409, "wrong-dialect"))
        #expect(site.finishedFiles.isEmpty)
    }

    // MARK: HTTP/2, as far as it is needed here

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream] + payload
    }

    /// A head whose fields are literals (RFC 7541 6.2.2); the body is still to come.
    private static func fields(_ deed: Unruly.Deed) -> [UInt8] {
        let fields = [
            (":method", "PUT"), (":scheme", "http"), (":path", "/files/a"), (":authority", "a"), ("x-deed", "\(deed)"),
        ]
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            bytes += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return bytes
    }

    private func http2() throws -> RawClient {
        let client = try site.client()
        client.patienceSeconds = 4
        try client.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + HandlerFaultTests.frame(4, 0, 0, []))
        return client
    }

    /// Has a deed done, and reads until its stream is reset. Answers each head's status, as the static table of
    /// RFC 7541 has it, and the last byte of the error's code.
    private static func end(
        of deed: Unruly.Deed, stream: UInt8, on client: RawClient
    ) throws -> (statuses: [UInt8], code: UInt8?) {
        try client.send(frame(1, 4, stream, fields(deed)))
        var statuses: [UInt8] = []
        while true {
            let head = try client.bytes(9)
            let payload = try client.bytes(Int(head[1]) << 8 | Int(head[2]))
            guard head[8] == stream else { continue }
            // Behind what says how large the dynamic table is.
            if head[3] == 1 { statuses += payload.drop { $0 & 0xE0 == 0x20 }.prefix(1) }
            if head[3] == 3 { return (statuses, payload.last) }
        }
    }
}
