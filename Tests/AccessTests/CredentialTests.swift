import Access
import HTTP
import Testing

@Suite struct CredentialTests {
    private func credential(_ target: String = "/files", _ fields: String..., cookie: String? = "session") throws
        -> String?
    {
        let found = try Credential(try parsedPost(target, fields), cookie: cookie)
        return found.map { "\($0.carrier) \(String(decoding: $0.token, as: UTF8.self))" }
    }

    @Test func `a token is found in each of its places`() throws {
        #expect(try credential("/files", "Authorization: Bearer abc") == "authorization abc")
        #expect(try credential("/files", "Authorization: bEARER   abc") == "authorization abc")
        #expect(try credential("/files", "Authorization: Basic YWxpY2U6YWJj") == "authorization abc")
        #expect(try credential("/files", "Authorization: Basic OmE6Yg==") == "authorization a:b")
        #expect(try credential("/files?x=1&token=a%2Eb") == "query a.b")
        #expect(try credential("/files", "Cookie: a=b; session=abc; session=def") == "cookie abc")
        #expect(try credential("/files", "Cookie: a=b", "Cookie: session=abc") == "cookie abc")
    }

    @Test func `the field comes before the query, and that before the cookie`() throws {
        #expect(
            try credential("/files?token=q", "Authorization: Bearer a", "Cookie: session=c") == "authorization a")
        #expect(try credential("/files?token=q", "Cookie: session=c") == "query q")
        #expect(try credential("/files?token=q", "Authorization: Negotiate a") == "query q")
    }

    @Test func `where there is none, there is none`() throws {
        #expect(try credential() == nil)
        #expect(try credential("/files?tokens=a&x=token") == nil)
        #expect(try credential("/files", "Cookie: Session=abc; asession=d") == nil)
        #expect(try credential("/files", "Cookie: session=abc", cookie: nil) == nil)
    }

    @Test(arguments: [
        ("/files", ["Authorization: Bearer "]), ("/files", ["Authorization: Bearer a", "Authorization: Bearer a"]),
        ("/files", ["Authorization: Basic !!"]), ("/files", ["Authorization: Basic YWJj"]),
        ("/files", ["Authorization: Bearer a b"]), ("/files?token=a&token=a", []), ("/files?token=%", []),
        ("/files?token=", []), ("/files?token=%00", []), ("/files?token=%C3%A9", []),
    ])
    func `what is none of a token's forms is refused`(target: String, fields: [String]) throws {
        let head = try parsedPost(target, fields)
        #expect(thrown { () throws(TokenFault) in try Credential(head, cookie: nil) } == .malformed)
    }

    @Test func `a token has so many bytes and no more`() throws {
        func head(_ count: Int) throws -> RequestHead {
            try parsedPost("/files", ["Authorization: Bearer " + String(repeating: "a", count: count)])
        }
        #expect(try Credential(head(AccessLimits.tokenBytesMax), cookie: nil) != nil)
        let longer = try head(AccessLimits.tokenBytesMax + 1)
        #expect(thrown { () throws(TokenFault) in try Credential(longer, cookie: nil) } == .malformed)
    }

    @Test func `only who came by the query is told addresses with the token`() throws {
        #expect(try Credential(parsedPost("/files?token=a%2Fb"), cookie: nil)?.querySuffix == "?token=a%2Fb")
        #expect(try Credential(parsedPost("/files", ["Authorization: Bearer a"]), cookie: nil)?.querySuffix == "")
    }
}
