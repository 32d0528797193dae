import Access
import HTTP
import Testing

/// What a client is told depends on nothing but the rule.
@Suite struct RefusalTests {
    private static let table: [(AccessFault, Int, String)] = [
        (.missing, 401, "no-token"), (.token(.expired), 401, "token-expired"), (.token(.signature), 401, "bad-token"),
        (.token(.malformed), 401, "bad-token"), (.token(.unknown), 401, "bad-token"),
        (.scope(.delete), 403, "wrong-scope"), (.upload, 403, "wrong-upload"), (.unanswered, 503, "auth-unavailable"),
        (.token(.unread), 503, "keys-unavailable"),
    ]

    @Test(arguments: table)
    func `a refusal has its status and its word`(fault: AccessFault, status: Int, code: String) {
        #expect(Int(fault.refusal.status.code) == status && fault.refusal.code == code)
        let challenge = fault.refusal.fields.first { "\($0.name)" == "WWW-Authenticate" }?.value
        #expect(challenge?.hasPrefix("Bearer realm=") ?? [403, 503].contains(status))
    }

    @Test func `a scope that alone allows it is named alone`() {
        #expect(AccessFault.scope(.oversee).refusal.message.hasSuffix("it takes the scope admin."))
        #expect(AccessFault.scope(.ask).refusal.message.hasSuffix("it takes one of the scopes upload download."))
    }

    @Test func `every fault has a rule of its own`() {
        let rules = AccessFault.rules
        #expect(Set(rules).count == rules.count)
        for fault in TokenFault.allCases { #expect(rules.contains(AccessFault.token(fault).rule)) }
        for fault in [AccessFault.missing, .scope(.ask), .upload, .unanswered] { #expect(rules.contains(fault.rule)) }
    }
}
