import Access
import HTTP
import Testing
import Uploads

@testable import Events
@testable import UploadServer

/// What an application's answer to a question about an upload comes to.
@Suite struct ApplicationAnswerTests {
    private func upload(owner: String? = nil, dialect: DialectName = .tus) -> Upload {
        var upload = Upload(
            id: UploadID(high: 1, low: 2), dialect: dialect, length: 9, name: CleanName("a"), metadata: "k dg==",
            createdSeconds: 0)
        upload.owner = owner.flatMap { Owner($0) }
        return upload
    }

    private func answer(
        _ status: Int, _ content: String, fields: [String] = [], kind: Question.Kind = .create, owner: String? = nil,
        isOwnerOpen: Bool = false
    ) throws -> ApplicationAnswer {
        var parser = ResponseParser()
        let head = "HTTP/1.1 \(status)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        _ = try parser.consume(Array(head.utf8).span)
        let parsed = parser.takeResponse()
        let response = try #require(parsed)
        let question = Question(kind, of: upload(owner: owner), isOwnerOpen: isOwnerOpen, milliseconds: 0)
        return try ApplicationAnswer(to: question, response.status, response.fields, content: Array(content.utf8))
    }

    @Test(arguments: [200, 201, 204, 299], [Question.Kind.create, .finish])
    func `a success without content is a yes`(status: Int, kind: Question.Kind) throws {
        #expect(try answer(status, "", kind: kind) == .yes(.none))
        #expect(try answer(status, "{}", kind: kind) == .yes(.none))
    }

    @Test func `before a creation it says what the upload is to be`() throws {
        let text = #"{"name":"../b.txt","metadata":{"z":"","k":"\u00e9"},"owner":"carol","more":[1]}"#
        guard case .yes(let changes) = try answer(200, text, isOwnerOpen: true) else {
            Issue.record("no yes")
            return
        }
        #expect(changes.name == CleanName("../b.txt") && changes.owner == Owner("carol"))
        #expect(changes.metadata == "k w6k=,z")
        #expect(changes.applied(to: upload()).metadata == "k w6k=,z")
        #expect(changes.applied(to: upload()).name.description == "_b.txt")
        // Others keep something else there.
        #expect(changes.applied(to: upload(dialect: .ietf)).metadata == "k dg==")
        #expect(try answer(200, text, kind: .finish) == .yes(.none), "nothing is changed at the end")
        #expect(try answer(200, #"{"name":null,"metadata":null,"owner":null}"#) == .yes(.none))
        #expect(try answer(200, #"{"metadata":{}}"#) == .yes(UploadChanges(metadata: "")))
        #expect(UploadChanges(metadata: "").applied(to: upload()).metadata == nil)
    }

    @Test(arguments: [
        (200, "yes"), (200, "[]"), (200, "{"), (200, #"{"name":1}"#), (200, #"{"name":""}"#),
        (200, #"{"metadata":"a"}"#), (200, #"{"metadata":{"a":1}}"#), (200, #"{"metadata":{"a b":""}}"#),
        (200, #"{"owner":""}"#), (200, #"{"owner":"a\n"}"#), (200, #"{"a":1,"a":1}"#), (302, ""), (304, ""), (407, ""),
        (500, ""), (503, "{}"), (101, ""),
    ])
    func `what says nothing that counts is no answer`(status: Int, content: String) {
        #expect(throws: ApplicationAnswer.Fault.self) { try answer(status, content, isOwnerOpen: true) }
    }

    @Test func `another owner than the upload has is no answer`() throws {
        let text = #"{"owner":"carol"}"#
        #expect(throws: ApplicationAnswer.Fault.self) { try answer(200, text) }
        #expect(throws: ApplicationAnswer.Fault.self) { try answer(200, text, owner: "alice") }
        #expect(try answer(200, text, owner: "carol") == .yes(UploadChanges(owner: Owner("carol"))))
        #expect(
            try answer(200, text, owner: "alice", isOwnerOpen: true) == .yes(UploadChanges(owner: Owner("carol"))))
    }

    @Test(arguments: [400, 401, 406, 408, 451, 499], [Question.Kind.create, .finish])
    func `a refusal is the application's own`(status: Int, kind: Question.Kind) throws {
        guard
            case .refusal(let told) = try answer(
                status, "no", fields: ["Content-Type: text/plain", "Retry-After: 3", "Set-Cookie: a=1", "Server: app"],
                kind: kind)
        else {
            Issue.record("\(status) lets pass")
            return
        }
        let refusal = UploadAccess.refusal(told)
        #expect(refusal.status.code == status && refusal.code == "refused-by-application" && refusal.body == "no")
        var names = ["Retry-After", "Content-Type"]
        if status == 401 { names.insert("WWW-Authenticate", at: 0) }
        #expect(refusal.fields.map(\.name.description) == names)
    }
}
