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
    func create(
        _ upload: Upload, under claim: inout UploadClaim, isFirst: Bool = true, bringsOthers: Bool = false,
        isDurable: Bool = false
    ) async throws {
        if isFirst { try exchange.admitCreation() }
        let announced = bringsOthers ? nil : exchange.body.length
        try await claim.create(upload, announced: announced, isDurable: isDurable)
    }

    /// Begins an upload anew under a claim, where its owner has room for it.
    ///
    /// - Parameter waits: as for `UploadClaim.restart`.
    func restart(_ upload: Upload, under claim: inout UploadClaim, waits: Bool = false) async throws {
        try exchange.admitCreation()
        try await claim.restart(upload, announced: exchange.body.length, waits: waits)
    }
}
