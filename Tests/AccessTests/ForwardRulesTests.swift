import Access
import HTTP
import Testing
import Uploads

/// What an application's answer comes to.
@Suite struct ForwardRulesTests {
    private func verdict(
        _ status: Int, _ fields: [String], content: String = "", owner: String = ForwardRules.ownerFieldStandard
    ) throws -> ForwardVerdict {
        var parser = ResponseParser()
        let head = "HTTP/1.1 \(status)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        _ = try parser.consume(Array(head.utf8).span)
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
                "WWW-Authenticate: Basic", "Location: /login", "Content-Type: text/plain", "Set-Cookie: a=1",
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
