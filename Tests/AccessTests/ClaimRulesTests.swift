import Access
import Testing
import Uploads

@Suite struct ClaimRulesTests {
    private func read(_ claims: String, _ rules: ClaimRules = ClaimRules()) throws(TokenFault) -> VerifiedToken {
        try rules.read(Array(claims.utf8))
    }

    private let alice = Owner("alice")

    @Test func `claims say who, what, until when`() throws {
        let id = UploadID(high: 1, low: 2)
        let token = try read(
            """
            {"sub":"alice","exp":200,"nbf":100,"scope":"openid upload  delete","max_size":5,"max_bytes":0,\
            "max_files":3,"max_open":2,"max_rate":1,"upload":"\(id)","roles":{"a":[1]}}
            """)
        #expect(
            token
                == VerifiedToken(
                    Principal(
                        owner: alice, scopes: [.upload, .delete], sizeMax: 5,
                        limits: OwnerLimits(bytesMax: 0, filesMax: 3, openMax: 2), rateMax: 1, upload: id),
                    validSeconds: 100..<200))
        #expect(try read("{\"sub\":\"alice\"}") == VerifiedToken(Principal(owner: alice)))
    }

    @Test func `a second is counted to its edge`() throws {
        #expect(try read("{\"sub\":\"a\",\"exp\":200.9,\"nbf\":100.1}").validSeconds == 101..<200)
        #expect(try read("{\"sub\":\"a\",\"exp\":1e300,\"nbf\":-1e300}").validSeconds == .min ..< .max)
        #expect(try read("{\"sub\":\"a\",\"exp\":100,\"nbf\":200}").validSeconds.isEmpty)
    }

    @Test(arguments: [
        ("{\"exp\":1}", TokenFault.subject), ("{\"sub\":1}", .subject), ("{\"sub\":\"\"}", .subject),
        ("{\"sub\":\"a\\u0000\"}", .subject), ("{\"sub\":\"a\\n\"}", .subject), ("{\"sub\":null}", .subject),
        ("{\"sub\":\"a\",\"exp\":\"1\"}", .claim), ("{\"sub\":\"a\",\"exp\":null}", .claim),
        ("{\"sub\":\"a\",\"nbf\":true}", .claim), ("{\"sub\":\"a\",\"scope\":[\"upload\"]}", .claim),
        ("{\"sub\":\"a\",\"max_size\":-1}", .claim), ("{\"sub\":\"a\",\"max_size\":\"5\"}", .claim),
        ("{\"sub\":\"a\",\"max_files\":-1}", .claim), ("{\"sub\":\"a\",\"max_rate\":0}", .claim),
        ("{\"sub\":\"a\",\"max_bytes\":1.5}", .claim), ("{\"sub\":\"a\",\"upload\":\"x\"}", .claim),
        ("{\"sub\":\"a\",\"aud\":\"b\"}", .audience), ("{\"sub\":\"a\",\"aud\":[]}", .audience),
        ("{\"sub\":\"a\",\"sub\":\"b\"}", .malformed), ("[]", .malformed), ("", .malformed),
    ])
    func `a claim that is not of its kind makes the token count for nothing`(claims: String, fault: TokenFault) {
        #expect(thrown { () throws(TokenFault) in try read(claims) } == fault)
    }

    @Test func `issuer and audience are those of the configuration`() throws {
        let rules = ClaimRules(issuer: "app", audience: "files")
        _ = try read("{\"sub\":\"a\",\"iss\":\"app\",\"aud\":\"files\"}", rules)
        _ = try read("{\"sub\":\"a\",\"iss\":\"app\",\"aud\":[\"x\",\"files\"]}", rules)
        for (claims, fault) in [
            ("{\"sub\":\"a\",\"aud\":\"files\"}", TokenFault.issuer),
            ("{\"sub\":\"a\",\"iss\":\"App\",\"aud\":\"files\"}", .issuer),
            ("{\"sub\":\"a\",\"iss\":\"app\"}", .audience),
            ("{\"sub\":\"a\",\"iss\":\"app\",\"aud\":\"x\"}", .audience),
            ("{\"sub\":\"a\",\"iss\":\"app\",\"aud\":{\"files\":1}}", .audience),
        ] {
            #expect(thrown { () throws(TokenFault) in try read(claims, rules) } == fault)
        }
    }

    @Test func `owners are compared by their bytes`() {
        #expect(Owner("e\u{301}") != Owner("\u{E9}"))
        #expect(Owner(String(repeating: "a", count: UploadLimits.ownerBytesMax)) != nil)
        #expect(Owner(String(repeating: "a", count: UploadLimits.ownerBytesMax + 1)) == nil)
        #expect(Owner("a\u{85}") == nil)
    }
}
