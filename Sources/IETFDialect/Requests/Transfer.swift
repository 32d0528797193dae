public import Uploads

/// What the content of one creation or append brings, and what its end means.
public struct Transfer: Sendable {
    /// Which revision of the draft its client speaks.
    public let version: InteropVersion
    /// Where its first byte goes.
    public let start: Offset
    /// The whole file's length in bytes, nil while it is not known.
    public let length: Int64?
    /// What the content must come to, nil for no promise. Until that is verified nothing of it counts.
    public let contentDigest: PromisedDigest?
    /// What the whole file must come to, and what its client wants to be told of it.
    public let digests: RepresentationDigests
    private let isLast: Bool
    private let sizeMax: Int64

    init(
        version: InteropVersion, start: Offset, isLast: Bool, length: Int64?, sizeMax: Int64,
        contentDigest: PromisedDigest?, digests: RepresentationDigests
    ) {
        self.version = version
        self.start = start
        self.isLast = isLast
        self.length = length
        self.sizeMax = sizeMax
        self.contentDigest = contentDigest
        self.digests = digests
    }

    /// Bytes that the content may have at most; what comes beyond ends it.
    public var room: Int64 { max((length ?? sizeMax) - start.bytes, 0) }

    /// What the end of the content means, its own digest verified.
    ///
    /// - Parameters:
    ///   - end: the byte after the last one stored.
    ///   - isOverflow: more came than `room`.
    ///   - limit: told where it is what was passed.
    public func ending(at end: Int64, isOverflow: Bool, limit: UploadLimit) -> TransferEnding {
        if isOverflow {
            guard length != nil else { return .stopped(.tooLarge(limit)) }
            return version.invalidatesOverrun ? .lost(.overrun) : .stopped(.overrun)
        }
        guard isLast else { return .partial }
        return length ?? end == end ? .complete : .stopped(.inconsistentLength)
    }
}

/// How the content of a creation or an append ended, in good order.
public enum TransferEnding: Hashable, Sendable {
    /// The file is whole: verify its digest, deliver it, answer for it.
    case complete
    /// Stored, and more is to come: settle, say how far.
    case partial
    /// What came up to here is kept: settle, then refuse with the offset.
    case stopped(UploadProblem)
    /// The upload is no more: remove it, then refuse.
    case lost(UploadProblem)
}
