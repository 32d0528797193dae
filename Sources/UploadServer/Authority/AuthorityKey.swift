internal import Access
internal import TLS

/// Stands for a credential that an application was asked about, and for all else that its answer may depend on. Nobody
/// finds out the credential from it.
struct AuthorityKey: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter salt: of whoever keeps such keys.
    init(_ request: ForwardedRequest, salt: [UInt8]) {
        let digest = Digest.sha256(salt + request.identity)
        func word(_ index: Int) -> UInt64 {
            digest[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64(truncatingIfNeeded: $1) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    static func == (one: AuthorityKey, other: AuthorityKey) -> Bool { one.words == other.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
