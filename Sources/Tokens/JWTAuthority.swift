public import Access

/// Vouches by tokens that an application has signed (RFC 7519). From any thread.
public final class JWTAuthority: TokenAuthority {
    private let rules: ClaimRules
    private let keys: [VerificationKey]
    private let sets: [KeySet]

    /// - Parameter sets: further keys, which others publish and may change.
    public init(keys: [VerificationKey], sets: [KeySet] = [], rules: ClaimRules) {
        self.rules = rules
        self.keys = keys
        self.sets = sets
    }

    /// Raised when published keys become others: who has signed by an old one is believed no more.
    public var revision: Int { sets.reduce(0) { $0 &+ $1.revision } }

    /// Who a token stands for; nil for what is none of three pieces.
    public func verify(_ token: [UInt8], nowSeconds: Int64) throws(TokenFault) -> VerifiedToken? {
        guard let token = try CompactToken(token) else { return nil }
        // The algorithm is the key's: what a token says only chooses among keys. So no public key is ever a secret.
        let published = sets.map(\.keys)
        let isUnread = published.contains { $0 == nil }
        let fitting = (keys + published.flatMap { $0 ?? [] }).filter { $0.algorithm == token.algorithm }
        guard !fitting.isEmpty else { throw isUnread ? .unread : .algorithm }
        var named = fitting.filter { $0.name == token.keyName || token.keyName == nil }
        if named.isEmpty { named = fitting.filter { $0.name == nil } }
        guard !named.isEmpty else { throw isUnread ? .unread : .key }
        // Each takes its time, and strangers send what is signed by none of them.
        let tried = named.prefix(AccessLimits.triedKeysMax)
        guard tried.contains(where: { $0.verifies(token.signature, of: token.signed) }) else { throw .signature }
        return try rules.read(token.payload)
    }
}
