import Access
import Testing
import Uploads

@Suite struct PrincipalTests {
    private let mine = UploadID(high: 0, low: 1)
    private let other = UploadID(high: 0, low: 2)

    private func record(_ owner: Owner?) -> Upload {
        var upload = Upload(
            id: mine, dialect: .tus, length: 1, name: .fallback, createdSeconds: 0)
        upload.owner = owner
        return upload
    }

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

    @Test func `an upload is its owner's, and an administrator's`() {
        let alice = Principal(owner: Owner("alice"))
        #expect(alice.reaches(record(Owner("alice"))))
        #expect(!alice.reaches(record(Owner("bob"))))
        #expect(!alice.reaches(record(nil)))
        #expect(Principal(owner: Owner("root"), scopes: [.admin]).reaches(record(Owner("bob"))))
        #expect(Principal.anybody.reaches(record(Owner("bob"))))
    }
}
