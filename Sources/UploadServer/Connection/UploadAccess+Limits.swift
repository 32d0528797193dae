internal import Access
internal import HTTP
internal import Storage
internal import Uploads

/// How much an owner may have, and what it has.
extension UploadAccess {
    /// What the uploads of an owner may come to for this request. What is said of its principal is not said of others,
    /// whose uploads it may reach.
    func limits(of owner: Owner?) -> OwnerLimits {
        guard let owner else { return .none }
        let usual = exchange.server.configuration.ownerLimits
        return owner == exchange.principal.owner ? usual.overridden(by: exchange.principal.limits) : usual
    }

    /// What an owner has.
    func usage(of owner: Owner) async throws(StorageError) -> Usage { try await exchange.server.store.usage(of: owner) }

    /// Makes an upload under a claim, where its owner has room for it.
    ///
    /// - Parameters:
    ///   - isFirst: whether the request has begun no other upload, which would count for this one as well.
    ///   - bringsOthers: whether the request's content is more than this upload's.
    ///   - isDurable: as for `UploadClaim.create`.
    ///   - isAdmitted: whether it comes from `admit`.
    func create(
        _ upload: Upload, under claim: inout UploadClaim, isFirst: Bool = true, bringsOthers: Bool = false,
        isDurable: Bool = false, isAdmitted: Bool = false
    ) async throws {
        try checkDialect(upload)
        try checkSize(upload)
        let upload = isAdmitted ? upload : try await admit(upload, under: &claim, isFirst: isFirst)
        let announced = bringsOthers ? nil : exchange.body.length
        try await claim.create(upload, announced: announced, isDurable: isDurable)
    }

    /// Begins an upload anew under a claim, where its owner has room for it.
    ///
    /// - Parameters:
    ///   - waits: as for `UploadClaim.restart`; to be said where no content follows.
    ///   - isAdmitted: as for `create`.
    func restart(
        _ upload: Upload, under claim: inout UploadClaim, waits: Bool = true, isAdmitted: Bool = false
    ) async throws {
        try checkDialect(upload)
        try checkDialect(claim.upload)
        try checkSize(upload)
        let upload = isAdmitted ? upload : try await admit(upload, under: &claim)
        try await claim.restart(upload, announced: exchange.body.length, waits: waits)
    }

    /// Dialects that have words of their own for it have refused it by now.
    private func checkSize(_ upload: Upload) throws(Refusal) {
        if let length = upload.length, length > exchange.sizeMax { throw Refusal.tooLarge(exchange.sizeMax) }
    }

    /// A dialect makes uploads of its own, and appends to no others: it has refused them in its own words by now.
    ///
    /// - Throws: `HandlerFault.otherDialect`. Nil is nobody's.
    func checkDialect(_ upload: Upload?) throws(HandlerFault) {
        guard let dialect = upload?.dialect, dialect != exchange.dialect else { return }
        throw .otherDialect(dialect, servedAs: exchange.dialect)
    }
}
