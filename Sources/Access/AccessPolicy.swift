public import HTTP
public import Uploads

/// Who is asked about credentials, and where these are looked for. Immutable: another configuration is another one.
public final class AccessPolicy: Sendable {
    /// In the order in which they are asked.
    let authorities: [any TokenAuthority]
    /// The cookie that may hold a token; nil where none does.
    let cookie: String?
    /// By which name a client's certificate stands for somebody, where a request brings no token; nil where none does.
    public let certificateName: CertificateName?
    /// Whether somebody outside is asked about requests of whose credential nobody here knows anything.
    public let asksOutside: Bool

    /// Without anybody who vouches for clients all may do everything.
    public init(
        authorities: [any TokenAuthority], cookie: String? = nil, certificateName: CertificateName? = nil,
        asksOutside: Bool = false
    ) {
        self.authorities = authorities
        self.cookie = cookie
        self.certificateName = certificateName
        self.asksOutside = asksOutside
    }

    /// Everybody may do everything.
    public static let open = AccessPolicy(authorities: [])

    /// Whether nobody is asked who they are.
    public var isOpen: Bool { authorities.isEmpty && certificateName == nil && !asksOutside }

    /// Whether a credential that was not seen of late takes work: a signature to check, a digest to look up.
    public var takesWork: Bool { !authorities.isEmpty }

    /// Raised when what was found out of credentials may not be true any more.
    var revision: Int { authorities.reduce(0) { $0 &+ $1.revision } }

    /// Who sends a request. Where nobody has asked about the credential of late this may take milliseconds: signatures
    /// are checked.
    ///
    /// - Parameters:
    ///   - certified: who the client is by its certificate, where `certificateName` says that this counts.
    ///   - cache: the loop's own.
    ///   - nowSeconds: since 1970-01-01 UTC.
    public func identify(
        _ head: RequestHead, certified: Owner? = nil, cache: inout CredentialCache, nowSeconds: Int64
    ) throws(AccessFault) -> (principal: Principal, credential: Credential?) {
        if isOpen { return (.anybody, nil) }
        let found = try withCredential(of: head, certified) { credential throws(TokenFault) in
            try cache.principal(credential.token, self, nowSeconds: nowSeconds)
        }
        guard let found else { throw .missing }
        return found
    }

    /// The same by what is known already; nil where a signature would have to be checked.
    public func recall(
        _ head: RequestHead, certified: Owner? = nil, cache: inout CredentialCache, nowSeconds: Int64
    ) throws(AccessFault) -> (principal: Principal, credential: Credential?)? {
        if isOpen { return (.anybody, nil) }
        return try withCredential(of: head, certified) { credential throws(TokenFault) in
            try cache.known(credential.token, self, nowSeconds: nowSeconds)
        }
    }

    /// Does something with the credential of a request; where it has none, its certificate says who it is.
    private func withCredential(
        of head: RequestHead, _ certified: Owner?,
        _ body: (Credential) throws(TokenFault) -> Principal?
    ) throws(AccessFault) -> (principal: Principal, credential: Credential?)? {
        do throws(TokenFault) {
            if let credential = try Credential(head, cookie: cookie) {
                return try body(credential).map { ($0, credential) }
            }
        } catch {
            throw .token(error)
        }
        // Somebody's by the way it came, as long as it does not say otherwise.
        if let certified { return (Principal(owner: certified), nil) }
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
