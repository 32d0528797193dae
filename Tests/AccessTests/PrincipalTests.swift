import Access
import Testing
import Uploads

@Suite struct PrincipalTests {
    private let mine = UploadID(high: 0, low: 1)
    private let other = UploadID(high: 0, low: 2)

    private static let table: [(Scopes, [Operation])] = [
        (.upload, [.create, .append, .ask]), (.download, [.ask, .download]), (.delete, [.delete]), (.admin, [.oversee]),
        ([], []), (.usual, [.create, .append, .ask, .download, .delete]), (.all, Operation.allCases),
    ]

    @Test(arguments: table)
    func `a scope allows what it is for, and nothing else`(scopes: Scopes, allowed: [Operation]) {
        let principal = Principal(owner: Owner("alice"), scopes: scopes)
        for operation in Operation.allCases {
            let fault = thrown { () throws(AccessFault) in try principal.check(operation, mine) }
            #expect(fault == (allowed.contains(operation) ? nil : .scope(operation)), "\(operation)")
        }
    }

    @Test func `a token for one upload is for no other, and makes none`() {
        let principal = Principal(owner: Owner("alice"), upload: mine)
        #expect(thrown { () throws(AccessFault) in try principal.check(.append, mine) } == nil)
        #expect(thrown { () throws(AccessFault) in try principal.check(.append, other) } == .upload)
        #expect(thrown { () throws(AccessFault) in try principal.check(.create, nil) } == .upload)
    }

    @Test func `an administrator reaches every upload, and nobody in particular those of nobody`() {
        #expect(Principal(owner: Owner("root"), scopes: [.admin]).reachesAll)
        #expect(!Principal(owner: Owner("alice")).reachesAll)
        #expect(!Principal.anybody.reachesAll && Principal.anybody.owner == nil)
    }
}
