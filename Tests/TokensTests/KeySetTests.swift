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
        #expect(try isNew(set.adopt(Array(Self.set.utf8))) && authority.revision == 1)
        #expect(try !isNew(set.adopt(Array(Self.set.utf8))) && authority.revision == 1)
        #expect(throws: KeyFault.self) { try set.adopt([]) }
        #expect(throws: KeyFault.self) {
            try set.adopt(Array("{\"keys\":[\(Array(repeating: Self.key, count: 65).joined(separator: ","))]}".utf8))
        }
        #expect(set.keys?.count == 1 && authority.revision == 1)
        #expect(try isNew(set.adopt(Array("\(Self.set) ".utf8))) && authority.revision == 2)
    }

    private func isNew(_ reading: KeySet.Reading) -> Bool {
        if case .new = reading { true } else { false }
    }

    @Test func `a set without keys lets nobody pass any more`() throws {
        let set = KeySet()
        let authority = JWTAuthority(keys: [], sets: [set], rules: ClaimRules())
        _ = try set.adopt(Array(Self.set.utf8))
        guard case .new(count: 0, let faults) = try set.adopt(Array("{\"keys\":[]}".utf8)) else {
            Issue.record("it is another set")
            return
        }
        #expect(faults.isEmpty && set.keys?.isEmpty == true && authority.revision == 2)
        let token = Array("eyJhbGciOiJFZERTQSIsImtpZCI6ImEifQ.e30.AAAA".utf8)
        #expect(throws: TokenFault.algorithm) { try authority.verify(token, nowSeconds: 0) }
    }

    @Test(arguments: [
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"w\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"w\"}",
        "{\"kty\":\"RSA\",\"kid\":\"w\",\"e\":\"AQAB\",\"n\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"kid\":\"w\",\"e\":\"AQAB\",\"n\":\"\(String(repeating: "A", count: 2732))\"}",
    ])
    func `one that cannot be used holds up no other`(unusable: String) throws {
        let set = KeySet()
        for keys in ["\(unusable),\(Self.key)", "\(Self.key),\(unusable)"] {
            guard case .new(count: 1, let faults) = try set.adopt(Array("{\"keys\":[\(keys)]}".utf8)) else {
                Issue.record("the other one counts")
                return
            }
            #expect(faults.count == 1 && set.keys?.map(\.name) == ["a"])
        }
        // What somebody has written for this server is looked at more closely.
        #expect(throws: KeyFault.self) {
            try VerificationKey.keys(jwks: Array("{\"keys\":[\(Self.key),\(unusable)]}".utf8))
        }
    }

    @Test func `a name of any length is told in short`() throws {
        let name = String(repeating: "n", count: 10_000)
        let set = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"\(name)\",\"x\":\"\"}]}"
        guard case .new(count: 0, let faults) = try KeySet().adopt(Array(set.utf8)) else {
            Issue.record("it is a set")
            return
        }
        let fault = try #require(faults.first)
        #expect(fault.description.contains("nnnn") && fault.description.utf8.count < 300)
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
