import Access
import HTTP
import Synchronization
import Testing
import Uploads

@Suite struct CredentialCacheTests {
    /// Believes every token but `no`, and counts how often it was asked.
    private final class Counting: TokenAuthority {
        let asked = Atomic<Int>(0)
        let validSeconds: Range<Int64>

        init(validSeconds: Range<Int64> = 0..<1000) { self.validSeconds = validSeconds }

        func verify(_ token: [UInt8], nowSeconds: Int64) throws(TokenFault) -> VerifiedToken? {
            asked.add(1, ordering: .relaxed)
            if token == Array("no".utf8) { throw .signature }
            let owner = Owner(String(decoding: token, as: UTF8.self))
            return VerifiedToken(Principal(owner: owner), validSeconds: validSeconds)
        }

        var count: Int { asked.load(ordering: .relaxed) }
    }

    private func identify(
        _ token: String, _ policy: AccessPolicy, _ cache: inout CredentialCache, at seconds: Int64 = 0
    ) throws -> String? {
        let head = try parsedPost("/files", ["Authorization: Bearer \(token)"])
        return try policy.identify(head, cache: &cache, nowSeconds: seconds).principal.owner?.description
    }

    @Test func `long tokens do not fill the memory`() throws {
        let authority = Counting()
        let policy = AccessPolicy(authorities: [authority])
        var cache = CredentialCache(countMax: 1000, bytesMax: 4000)
        for number in 0..<100 {
            let token = String(repeating: "x", count: 198) + "\(number)"
            #expect(try identify(token, policy, &cache) == token)
            #expect(cache.count <= 22)
        }
        #expect(authority.count == 100 && cache.count >= 10)
    }

    @Test func `tokens that end alike are told apart, and looked into again`() throws {
        let authority = Counting()
        let policy = AccessPolicy(authorities: [authority])
        var cache = CredentialCache()
        let end = String(repeating: "x", count: 64)
        for name in ["a", "b", "a", "a", "b"] {
            #expect(try identify(name + end, policy, &cache) == name + end)
        }
        #expect(authority.count == 4 && cache.count == 1)
    }

    @Test func `a token is looked into once`() throws {
        let authority = Counting()
        let policy = AccessPolicy(authorities: [authority])
        var cache = CredentialCache()
        for _ in 0..<3 {
            #expect(try identify("alice", policy, &cache) == "alice")
            #expect(try identify("bob", policy, &cache) == "bob")
        }
        #expect(authority.count == 2)
    }

    @Test func `who is not known yet is told without asking anybody`() throws {
        let authority = Counting()
        let policy = AccessPolicy(authorities: [authority])
        var cache = CredentialCache()
        let head = try parsedPost("/files", ["Authorization: Bearer alice"])
        #expect(try policy.recall(head, cache: &cache, nowSeconds: 0)?.principal == nil)
        #expect(authority.count == 0)
        #expect(try identify("alice", policy, &cache) == "alice")
        #expect(try policy.recall(head, cache: &cache, nowSeconds: 0)?.principal.owner == Owner("alice"))
        #expect(throws: AccessFault.token(.expired)) { try policy.recall(head, cache: &cache, nowSeconds: 1000) }
        #expect(throws: AccessFault.missing) {
            try policy.recall(parsedPost("/files", []), cache: &cache, nowSeconds: 0)
        }
        #expect(authority.count == 1)
    }

    @Test func `a known token ends with its last second`() throws {
        let policy = AccessPolicy(authorities: [Counting(validSeconds: 10..<20)])
        var cache = CredentialCache()
        #expect(throws: AccessFault.token(.early)) { try identify("a", policy, &cache, at: 9) }
        #expect(try identify("a", policy, &cache, at: 10) == "a")
        #expect(try identify("a", policy, &cache, at: 19) == "a")
        #expect(throws: AccessFault.token(.expired)) { try identify("a", policy, &cache, at: 20) }
        #expect(throws: AccessFault.token(.early)) { try identify("a", policy, &cache, at: 9) }
    }

    @Test func `a refused token is asked about again, and takes nobody's place`() throws {
        let authority = Counting()
        let policy = AccessPolicy(authorities: [authority])
        var cache = CredentialCache(countMax: 2)
        #expect(try identify("alice", policy, &cache) == "alice")
        for _ in 0..<5 { #expect(throws: AccessFault.token(.signature)) { try identify("no", policy, &cache) } }
        #expect(try identify("alice", policy, &cache) == "alice")
        #expect(authority.count == 6)
    }

    @Test func `it holds a bounded number, and those in use the longest`() throws {
        let authority = Counting()
        let policy = AccessPolicy(authorities: [authority])
        var cache = CredentialCache(countMax: 100)
        for number in 0..<1000 {
            _ = try identify("t\(number)", policy, &cache)
            _ = try identify("alice", policy, &cache)
            #expect(cache.count <= 100)
        }
        #expect(authority.count == 1001)
    }

    @Test func `another policy begins with nothing`() throws {
        let authority = Counting()
        var cache = CredentialCache()
        for _ in 0..<2 { _ = try identify("alice", AccessPolicy(authorities: [authority]), &cache) }
        #expect(authority.count == 2)
        #expect(try identify("alice", .open, &cache) == nil)
    }

    @Test func `without a credential nobody is asked`() throws {
        let authority = Counting()
        var cache = CredentialCache()
        let head = try parsedPost()
        #expect(throws: AccessFault.missing) {
            try AccessPolicy(authorities: [authority]).identify(head, cache: &cache, nowSeconds: 0)
        }
        #expect(authority.count == 0)
    }
}
