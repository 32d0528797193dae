import Access
import TestSupport
import Testing
import Uploads

@testable import UploadServer

/// A server that knows its clients: each finds what is its own, and nobody finds or stops what is not.
@Suite(.timeLimit(.minutes(1))) struct OwnershipTests {
    /// Believes a token that is an owner's name, with scopes behind a colon.
    private struct Trusting: TokenAuthority {
        func verify(_ token: [UInt8], nowSeconds: Int64) throws(TokenFault) -> VerifiedToken? {
            let pieces = String(decoding: token, as: UTF8.self).split(separator: ":")
            guard let owner = pieces.first.flatMap({ Owner(String($0)) }), owner.description != "nobody" else {
                throw .signature
            }
            let scopes = pieces.count > 1 ? Scopes(words: String(pieces[1].map { $0 == "+" ? " " : $0 })) : .usual
            return VerifiedToken(Principal(owner: owner, scopes: scopes))
        }
    }

    private let site: TestServer

    init() throws {
        site = try TestServer {
            $0.access = AccessPolicy(authorities: [Trusting()], cookie: "session")
            $0.dialects = [Unruly.self] + ServedDialects.all
        }
    }

    private func ask(
        _ method: String, _ target: String, as owner: String?, _ fields: [String] = [], body: String = ""
    ) throws -> RawResponse {
        let own = (owner.map { ["Authorization: Bearer \($0)"] } ?? []) + fields
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        return try site.ask(TestServer.head(method, target, own + length), body: Array(body.utf8))
    }

    @Test func `who says nothing, or what nobody vouches for, gets nothing`() throws {
        #expect(try ask("PUT", "/files/a", as: nil, body: "x")["X-Error-Code"] == "no-token")
        #expect(try ask("PUT", "/files/a", as: "nobody", body: "x")["X-Error-Code"] == "bad-token")
        #expect(try ask("PUT", "/files/a", as: "alice:download", body: "x")["X-Error-Code"] == "wrong-scope")
        #expect(try ask("PUT", "/files/a", as: "alice", body: "x").status == 201)
        #expect(try ask("GET", "/", as: nil).status == 200)
    }

    @Test func `a dialect that forgets the owner in an id hands out nobody's upload`() throws {
        func share(as owner: String) throws -> Int {
            try ask("PUT", "/files/a", as: owner, ["X-Deed: sharesName"], body: "x").status
        }
        #expect(try share(as: "alice") == 204)
        #expect(try share(as: "bob") == 500)
        #expect(try share(as: "alice") == 204)
    }

    @Test func `somebody else's upload answers as one that is not there`() throws {
        let location = try #require(try ask("PUT", "/files/a", as: "alice", body: "text")["Location"])
        let unknown = "/files/\(String(repeating: "0", count: 32))"
        for method in ["GET", "HEAD", "DELETE"] {
            let (mine, none) = (try ask(method, location, as: "bob"), try ask(method, unknown, as: "bob"))
            #expect(mine.status == 404 && none.status == 404 && mine.text == none.text)
        }
        #expect(try ask("GET", location, as: "alice").text == "text")
        #expect(try ask("GET", location, as: "root:download+admin").text == "text")
    }

    @Test func `a stranger's request does not stop an append`() throws {
        let tus = ["Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream"]
        let created = try ask("POST", "/files", as: "alice", ["Tus-Resumable: 1.0.0", "Upload-Length: 8"])
        let location = try #require(created["Location"])
        let client = try site.client()
        let own = ["Authorization: Bearer alice", "Upload-Offset: 0", "Content-Length: 8"]
        try client.send(Array((TestServer.head("PATCH", location, tus + own) + "1234").utf8))
        for method in ["HEAD", "DELETE", "GET"] {
            #expect(try ask(method, location, as: "bob", tus).status == 404)
        }
        try client.send(Array("5678".utf8))
        #expect(try client.response().status == 204)
    }

    @Test func `one client-made id of two owners is two uploads`() throws {
        for (owner, text) in [("alice", "of alice"), ("bob", "bob's")] {
            let sent = try ask("POST", "/upload", as: owner, ["X-File-Id: f", "X-Start-Byte: 0"], body: text)
            #expect(sent.status == 200)
        }
        #expect(try ask("GET", "/status", as: "alice", ["X-File-Id: f"]).text == "8")
        #expect(try ask("GET", "/status", as: "bob", ["X-File-Id: f"]).text == "5")
        #expect(try ask("GET", "/status", as: "carol", ["X-File-Id: f"]).text == "0")
    }

    @Test func `a token in the address goes on in the addresses that are told, and never into the log`() async throws {
        let location = try #require(try ask("PUT", "/files/a?token=alice", as: nil, body: "text")["Location"])
        #expect(location.hasSuffix("?token=alice"))
        #expect(try ask("GET", location, as: nil).text == "text")
        #expect(try ask("GET", location, as: nil, ["Cookie: session=bob"]).text == "text")
        #expect(await eventually { site.logText.contains("owner=alice") })
        #expect(!site.logText.contains("token=alice"))
    }
}
