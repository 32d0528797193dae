internal import Access
internal import HTTP
internal import IETFDialect
internal import PlainDialect
internal import Storage
internal import TLS
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
        "\(server.configuration.publicURL ?? "")/files/\(id)\(addressSuffix)"
    }

    /// The upload that a client-made name stands for: the head of its digest: no client chooses a path or a key.
    /// The same name of another owner, or of another dialect, stands for another upload.
    func uploadID(of name: [UInt8], in dialect: DialectName) -> UploadID {
        var digest = Digest.startSHA256()
        var kind = dialect.rawValue
        if let owner = principal.owner { kind += " of\u{0}\(owner)" }
        kind += "\u{0}"
        kind.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
        name.withUnsafeBytes { digest.update($0) }
        return UploadID(digest: digest.finish())
    }
}
