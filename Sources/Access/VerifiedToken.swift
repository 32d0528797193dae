/// A token that was believed, and for how long it is.
public struct VerifiedToken: Equatable, Sendable {
    /// Who it stands for.
    public let principal: Principal
    /// The first second in which it counts, and the first in which it does not any more; since 1970-01-01 UTC.
    public let validSeconds: Range<Int64>

    public init(_ principal: Principal, validSeconds: Range<Int64> = .min ..< .max) {
        self.principal = principal
        self.validSeconds = validSeconds
    }

    /// - Throws: `early`, `expired`.
    func check(nowSeconds: Int64) throws(TokenFault) {
        if nowSeconds < validSeconds.lowerBound { throw .early }
        if nowSeconds >= validSeconds.upperBound { throw .expired }
    }
}
