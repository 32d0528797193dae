public import HTTP

/// Who is asked about credentials, and where these are looked for. Immutable: another configuration is another one.
public final class AccessPolicy: Sendable {
    /// In the order in which they are asked.
    let authorities: [any TokenAuthority]
    /// The cookie that may hold a token; nil where none does.
    let cookie: String?

    /// Without an authority everybody may do everything.
    public init(authorities: [any TokenAuthority], cookie: String? = nil) {
        self.authorities = authorities
        self.cookie = cookie
    }

    /// Everybody may do everything.
    public static let open = AccessPolicy(authorities: [])

    /// Whether nobody is asked who they are.
    public var isOpen: Bool { authorities.isEmpty }

    /// Who sends a request.
    ///
    /// - Parameters:
    ///   - cache: the loop's own.
    ///   - nowSeconds: since 1970-01-01 UTC.
    public func identify(
        _ head: RequestHead, cache: inout CredentialCache, nowSeconds: Int64
    ) throws(AccessFault) -> (principal: Principal, credential: Credential?) {
        if isOpen { return (.anybody, nil) }
        do throws(TokenFault) {
            if let credential = try Credential(head, cookie: cookie) {
                return (try cache.principal(credential.token, self, nowSeconds: nowSeconds), credential)
            }
        } catch {
            throw .token(error)
        }
        throw .missing
    }

    /// Asks the authorities, one after the other.
    func verify(_ token: [UInt8], nowSeconds: Int64) throws(TokenFault) -> VerifiedToken {
        for authority in authorities {
            if let verified = try authority.verify(token, nowSeconds: nowSeconds) { return verified }
        }
        throw .unknown
    }
}
