internal import Uploads

/// What the operator decides about uploads of this dialect.
public struct IETFPolicy: Sendable {
    /// The largest file taken, in bytes, at most `UploadLimits.lengthMax`.
    public let sizeMax: Int64
    /// How long an upload may stay unfinished, in seconds from its creation; nil for as long as it likes.
    public let ageMaxSeconds: Int64?
    /// Whether 104 is sent to those who ask for it. Off behind proxies that choke on it (nginx).
    public let sendsInterim: Bool
    /// The digests that can be computed here; another one is as one that nobody knows.
    public let digests: [DigestAlgorithm]

    /// A larger `sizeMax` than the dialect's fields can express becomes the largest one that they can.
    public init(
        sizeMax: Int64, ageMaxSeconds: Int64? = nil, sendsInterim: Bool = true,
        digests: [DigestAlgorithm] = DigestAlgorithm.allCases
    ) {
        self.sizeMax = min(max(sizeMax, 0), UploadLimits.lengthMax)
        self.ageMaxSeconds = ageMaxSeconds
        self.sendsInterim = sendsInterim
        self.digests = digests
    }

    /// The same for somebody who may not send as much.
    public func bounded(by bytes: Int64) -> IETFPolicy {
        IETFPolicy(
            sizeMax: min(sizeMax, bytes), ageMaxSeconds: ageMaxSeconds, sendsInterim: sendsInterim, digests: digests)
    }
}
