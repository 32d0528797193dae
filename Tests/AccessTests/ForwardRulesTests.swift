import Access
import HTTP
import Testing
import Uploads

/// What an application's answer comes to.
@Suite struct ForwardRulesTests {
    private func verdict(
        _ status: Int, _ fields: [String], content: String = "", owner: String = ForwardRules.ownerFieldStandard
    ) throws -> ForwardVerdict {
        let head = "HTTP/1.1 \(status)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        return try verdict(Array(head.utf8), content: content, owner: owner)
    }

    private func verdict(_ head: [UInt8], content: String = "", owner: String) throws -> ForwardVerdict {
        var parser = ResponseParser()
        _ = try parser.consume(head.span)
        let parsed = parser.takeResponse()
        let response = try #require(parsed)
        let rules = try #require(ForwardRules(ownerField: owner))
        return try rules.verdict(response.status, response.fields, content: Array(content.utf8))
    }

    @Test func `an answer says for whom, and how much`() throws {
        let told = [
            "x-sluice-owner: alice", "X-Sluice-Scope: upload, admin", "X-Sluice-Max-Size: 1", "X-Sluice-Max-Bytes: 2",
            "X-Sluice-Max-Files: 3", "X-Sluice-Max-Open: 4", "X-Sluice-Max-Rate: 5",
            "X-Sluice-Upload: 0123456789abcdef0123456789abcdef",
        ]
        let alice = Principal(
            owner: Owner("alice"), scopes: [.upload, .admin], sizeMax: 1,
            limits: OwnerLimits(bytesMax: 2, filesMax: 3, openMax: 4), rateMax: 5,
            upload: UploadID("0123456789abcdef0123456789abcdef"))
        #expect(try verdict(200, told) == .passes(alice))
        #expect(try verdict(299, told) == .passes(alice))
        #expect(try verdict(204, ["Remote-User: bob"], owner: "remote-user") == .passes(Principal(owner: Owner("bob"))))
    }

    @Test(arguments: [
        (200, [String]()), (200, ["X-Sluice-Owner:"]), (200, ["X-Sluice-Owner: a", "X-Sluice-Owner: a"]),
        (200, ["X-Sluice-Owner: a", "X-Sluice-Max-Size: 1.5"]), (200, ["X-Sluice-Owner: a", "X-Sluice-Max-Rate: 0"]),
        (200, ["X-Sluice-Owner: a", "X-Sluice-Max-Size: 1", "X-Sluice-Max-Size: 2"]),
        (200, ["X-Sluice-Owner: a", "X-Sluice-Upload: a"]), (304, ["X-Sluice-Owner: a"]),
        (500, ["X-Sluice-Owner: a"]), (503, ["X-Sluice-Owner: a"]), (101, ["X-Sluice-Owner: a"]),
    ])
    func `what says nothing that counts is no answer`(status: Int, fields: [String]) {
        #expect(throws: ForwardRules.Fault.self) { try verdict(status, fields) }
    }

    @Test(arguments: [
        ["upload,download"], ["upload download"], [" upload , download,other"], ["upload", "download"],
        ["download,upload,"],
    ])
    func `words of a scope have spaces or commas between them, and several lines are one`(lines: [String]) throws {
        let fields = ["X-Sluice-Owner: a"] + lines.map { "X-Sluice-Scope: " + $0 }
        #expect(try verdict(200, fields) == .passes(Principal(owner: Owner("a"), scopes: [.upload, .download])))
    }

    @Test(arguments: ["", ",", "UPLOAD", "upload;download"])
    func `a scope without a word that is one lets nothing pass`(text: String) throws {
        let fields = ["X-Sluice-Owner: a", "X-Sluice-Scope: " + text]
        #expect(try verdict(200, fields) == .passes(Principal(owner: Owner("a"), scopes: [])))
    }

    @Test func `an owner is told in UTF-8, and no bytes are read in a second way`() throws {
        func verdict(_ name: [UInt8]) throws -> ForwardVerdict {
            let head = Array("HTTP/1.1 200\r\nX-Sluice-Owner: ".utf8) + name + Array("\r\n\r\n".utf8)
            return try self.verdict(head, owner: ForwardRules.ownerFieldStandard)
        }
        let name = Array("mile".utf8)
        #expect(try verdict([0xC3, 0xA9] + name) == .passes(Principal(owner: Owner("\u{E9}mile"))))
        // Latin-1 of the same name; one whose Latin-1 is valid UTF-8 is what that says.
        for bytes in [[0xE9] + name, name + [0xC3], [0xC0, 0x80] + name, [0xED, 0xA0, 0x80] + name] {
            let fault = #expect(throws: ForwardRules.Fault.self) { try verdict(bytes) }
            #expect(fault?.description.contains("X-Sluice-Owner that is not UTF-8") == true)
        }
        // So many marks on one letter are taken apart where they are kept.
        let marks = Array(String(repeating: "\u{301}", count: 31).utf8)
        #expect(throws: ForwardRules.Fault.self) { try verdict(name + marks) }
    }

    @Test(arguments: [300, 302, 305, 400, 401, 403, 451, 499])
    func `a refusal is the application's own`(status: Int) throws {
        guard
            case .refuses(let told) = try verdict(
                status,
                [
                    "WWW-Authenticate: Basic", "Location: /login", "Set-Cookie: a=1", "Content-Type: text/plain",
                    "X-Sluice-Owner: alice", "Server: app",
                ], content: "no")
        else {
            Issue.record("\(status) lets pass")
            return
        }
        let refusal = AccessFault.refused(told).refusal
        #expect(refusal.status.code == status && refusal.code == "auth-refused" && refusal.body == "no")
        #expect(
            refusal.fields.map { "\($0.name): \($0.value)" } == [
                "WWW-Authenticate: Basic", "Content-Type: text/plain", "Location: /login", "Set-Cookie: a=1",
            ])
        let other = AccessFault.refused(told.forOthers).refusal
        #expect(!other.fields.contains { "\($0.name)" == "Set-Cookie" } && other.fields.count == 3)
    }

    @Test func `a text that is none, or of no type, is left out`() throws {
        guard case .refuses(let told) = try verdict(403, [], content: "<html>") else {
            Issue.record("passes")
            return
        }
        #expect(AccessFault.refused(told).refusal.body == nil)
    }
}
