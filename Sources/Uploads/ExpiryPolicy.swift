/// When an unfinished upload may be removed: so long after it was made or last appended to. Pure arithmetic; the clock
/// is read elsewhere.
public struct ExpiryPolicy: Hashable, Sendable {
    /// Seconds without an append, at least 1; nil for never.
    public let idleSeconds: Int64?

    /// Nothing is ever removed.
    public static let never = ExpiryPolicy(idleSeconds: nil)

    public init(idleSeconds: Int64?) {
        precondition(idleSeconds ?? 1 > 0, "an upload lives for at least a second")
        self.idleSeconds = idleSeconds
    }

    /// The expiry of an upload that is made or appended to now, for `Upload.expiresSeconds`; nil for never. A finished
    /// file does not expire by this policy.
    ///
    /// - Parameter nowSeconds: seconds since 1970-01-01 UTC.
    public func expiresSeconds(nowSeconds: Int64) -> Int64? {
        guard let idleSeconds else { return nil }
        let (sum, overflow) = nowSeconds.addingReportingOverflow(idleSeconds)
        let range = UploadLimits.secondsRange
        return overflow ? range.upperBound : min(max(sum, range.lowerBound), range.upperBound)
    }
}

extension Upload {
    /// Whether its time is over, removed already or not.
    ///
    /// - Parameter nowSeconds: seconds since 1970-01-01 UTC.
    public func isExpired(nowSeconds: Int64) -> Bool { expiresSeconds.map { $0 <= nowSeconds } ?? false }
}
