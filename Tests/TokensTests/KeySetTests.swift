import Access
import Testing

@testable import Tokens

/// Keys that may become others.
@Suite struct KeySetTests {
    private static let key =
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
    private static let set = "{\"keys\":[\(key)]}"

    @Test func `a set that is the same again changes nothing, and one that is unusable neither`() throws {
        let set = KeySet()
        let authority = JWTAuthority(keys: [], sets: [set], rules: ClaimRules())
        #expect(set.keys == nil && authority.revision == 0)
        #expect(try set.adopt(Array(Self.set.utf8)) && authority.revision == 1)
        #expect(try !set.adopt(Array(Self.set.utf8)) && authority.revision == 1)
        #expect(throws: KeyFault.self) { try set.adopt([]) }
        #expect(throws: KeyFault.self) {
            try set.adopt(Array("{\"keys\":[\(Array(repeating: Self.key, count: 65).joined(separator: ","))]}".utf8))
        }
        #expect(set.keys?.count == 1 && authority.revision == 1)
        #expect(try set.adopt(Array("\(Self.set) ".utf8)) && authority.revision == 2)
    }

    @Test func `what keys that were not read yet may have signed is not called wrong`() throws {
        let set = KeySet()
        let authority = JWTAuthority(keys: [], sets: [set], rules: ClaimRules())
        let token = Array("eyJhbGciOiJFZERTQSIsImtpZCI6ImIifQ.e30.AAAA".utf8)
        #expect(throws: TokenFault.unread) { try authority.verify(token, nowSeconds: 0) }
        _ = try set.adopt(Array(Self.set.utf8))
        #expect(throws: TokenFault.key) { try authority.verify(token, nowSeconds: 0) }
        #expect(try authority.verify(Array("opaque".utf8), nowSeconds: 0) == nil)
    }
}
