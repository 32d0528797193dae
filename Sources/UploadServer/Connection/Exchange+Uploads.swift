internal import Access
internal import HTTP
internal import IETFDialect
internal import PlainDialect
internal import Storage
internal import TusDialect
internal import Uploads

/// What a request has to do with uploads depends on who sends it.
extension Exchange {
    /// The uploads that this request may reach.
    var uploads: UploadAccess { UploadAccess(self) }

    /// The largest file that its principal may send, in bytes.
    var sizeMax: Int64 { min(server.configuration.sizeMax, principal.sizeMax ?? .max) }

    /// What is offered to it by tus.
    var tusOffer: TusOffer { principal.sizeMax == nil ? server.tusOffer : server.tusOffer.bounded(by: sizeMax) }

    /// What the IETF dialect is allowed for it.
    var ietfPolicy: IETFPolicy { principal.sizeMax == nil ? server.ietfPolicy : server.ietfPolicy.bounded(by: sizeMax) }

    /// What a deletion is bound to by its conditions, of an upload that it has claimed.
    func checkRemoval(_ claim: borrowing UploadClaim) async throws {
        let file = Precondition.isIn(head) ? try await claim.finishedFile() : nil
        try Removal.check(head, claim.upload, file: file, nowSeconds: server.nowSeconds)
    }

    /// Where an upload is to be found; relative to this server, whatever it is called outside, unless it was told. Who
    /// came with a token in the address finds it in this one, too.
    func location(of id: UploadID) -> String {
        let path = server.configuration.basePath.path(of: id) + addressSuffix
        return server.configuration.publicURL.map { $0 + path } ?? path
    }
}
