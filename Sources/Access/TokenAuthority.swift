/// Somebody who vouches for clients by tokens. Asked on loops: it neither blocks nor waits.
public protocol TokenAuthority: Sendable {
    /// Who a token stands for; nil for a token that is none of this authority's.
    ///
    /// - Parameters:
    ///   - token: visible ASCII, `AccessLimits.tokenBytesMax` at most.
    ///   - nowSeconds: since 1970-01-01 UTC.
    func verify(_ token: [UInt8], nowSeconds: Int64) throws(TokenFault) -> VerifiedToken?

    /// Raised when what it has said of tokens may not be true any more.
    var revision: Int { get }
}

extension TokenAuthority {
    /// It says the same for ever.
    public var revision: Int { 0 }
}
