/// The credentials of late that were believed, so that each is looked into once. One loop's own: no lock.
///
/// Two generations: what is used moves to the younger one, and when that is full the older one goes. A refused
/// credential is not kept, so that strangers push nobody out.
public struct CredentialCache {
    private struct Entry {
        let token: [UInt8]
        let verified: VerifiedToken
    }

    private var young: [Int: Entry] = [:]
    private var old: [Int: Entry] = [:]
    /// Whose answers these are: those of an earlier policy count for nothing.
    private var policy: AccessPolicy?
    /// What it stood at.
    private var revision = 0
    private let generationMax: Int
    private let generationBytesMax: Int
    /// Of the tokens of the younger generation.
    private var youngBytes = 0

    /// - Parameters:
    ///   - countMax: two or more.
    ///   - bytesMax: of all tokens.
    public init(
        countMax: Int = AccessLimits.cachedCredentialsMax, bytesMax: Int = AccessLimits.cachedCredentialBytesMax
    ) {
        generationMax = max(1, countMax / 2)
        generationBytesMax = bytesMax / 2
    }

    /// How many it holds.
    public var count: Int { young.count + old.count }

    /// Whom a token stands for, by what was found before or by asking.
    mutating func principal(
        _ token: [UInt8], _ policy: AccessPolicy, nowSeconds: Int64
    ) throws(TokenFault) -> Principal {
        if let known = try known(token, policy, nowSeconds: nowSeconds) { return known }
        let verified = try policy.verify(token, nowSeconds: nowSeconds)
        try verified.check(nowSeconds: nowSeconds)
        keep(Entry(token: token, verified: verified), CredentialCache.key(token))
        return verified.principal
    }

    /// The same by what was found before; nil where nothing was.
    mutating func known(
        _ token: [UInt8], _ policy: AccessPolicy, nowSeconds: Int64
    ) throws(TokenFault) -> Principal? {
        let revision = policy.revision
        if self.policy !== policy || self.revision != revision {
            young = [:]
            old = [:]
            youngBytes = 0
            self.policy = policy
            self.revision = revision
        }
        let key = CredentialCache.key(token)
        if let entry = young[key], entry.token.isSame(as: token) {
            try entry.verified.check(nowSeconds: nowSeconds)
            return entry.verified.principal
        }
        guard let entry = old[key], entry.token.isSame(as: token) else { return nil }
        try entry.verified.check(nowSeconds: nowSeconds)
        if young[key] == nil { keep(entry, key) }
        return entry.verified.principal
    }

    private mutating func keep(_ entry: Entry, _ key: Int) {
        if young.count >= generationMax || youngBytes >= generationBytesMax {
            old = young
            young = [:]
            youngBytes = 0
        }
        youngBytes += entry.token.count - (young[key]?.token.count ?? 0)
        young[key] = entry
    }

    /// Of a token's end, where one that was signed has its signature. Tokens that end alike take each other's place,
    /// and are looked into again.
    private static func key(_ token: [UInt8]) -> Int {
        var hasher = Hasher()
        var word: UInt64 = 0
        for (index, byte) in token.suffix(AccessLimits.credentialKeyBytes).enumerated() {
            word = word << 8 | UInt64(byte)
            if index & 7 == 7 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(token.count)
        return hasher.finalize()
    }
}

extension [UInt8] {
    /// In a time that does not tell where they differ.
    public func isSame(as other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        var difference: UInt8 = 0
        for index in indices { difference |= self[index] ^ other[index] }
        return difference == 0
    }
}
