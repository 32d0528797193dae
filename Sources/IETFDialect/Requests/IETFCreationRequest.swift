public import HTTP
public import Uploads

/// A new upload, perhaps with its first content, perhaps with all of it.
public struct IETFCreationRequest: Sendable {
    /// Which revision of the draft its client speaks.
    public let version: InteropVersion
    /// What its content brings, from byte 0 on.
    public let transfer: Transfer
    /// The 104s it gets.
    public let interim: InterimAnswers
    /// What the client says of the whole file's digests.
    public let digests: RepresentationDigests
    /// From the address or `Content-Disposition`, clean; `upload` where neither names the file.
    public let name: CleanName
    /// `Content-Type` as sent, hostile; nil where absent.
    public let contentType: String?
    private let ageMaxSeconds: Int64?

    /// - Parameter pathName: the last segment of the address where that names the file (`PUT /files/<name>`).
    /// - Throws: 400 for a length that contradicts itself, 413 with the limits for too much. No upload is to be made.
    public init(_ head: RequestHead, pathName: String?, policy: IETFPolicy) throws(Refusal) {
        version = InteropVersion(head)
        try ContentKind.checkWhole(head.fields)
        guard let isLast = version.completeness(in: head.fields) else {
            throw UploadProblem.missingField(.completeness).refusal(version)
        }
        let told = try UploadField.length(in: head.fields, version)
        let content = head.framing.contentLength
        if let told, let content, isLast ? told != content : told < content {
            throw UploadProblem.inconsistentLength.refusal(version)
        }
        let length = isLast ? content ?? told : told
        guard max(length ?? 0, content ?? 0) <= policy.sizeMax else {
            throw UploadProblem.tooLarge(UploadLimit(policy, nowSeconds: 0)).refusal(version)
        }
        digests = try RepresentationDigests(head.fields, policy.digests)
        transfer = Transfer(
            version: version, start: .zero, isLast: isLast, length: length, sizeMax: policy.sizeMax,
            contentDigest: try PromisedDigest.content(head.fields, policy.digests), digests: digests)
        interim = InterimAnswers(version, head, isCreation: true, policy: policy)
        let disposition = try ContentDisposition.filename(toldBy: head.fields)
        name = (pathName ?? disposition).map { CleanName($0) } ?? .fallback
        contentType = try ContentKind.type(head.fields)
        ageMaxSeconds = policy.ageMaxSeconds
    }

    /// The record to be made, before anything of it is told.
    ///
    /// - Parameter nowSeconds: since 1970-01-01 UTC.
    public func upload(_ id: UploadID, nowSeconds: Int64) -> Upload {
        Upload(
            id: id, dialect: .ietf, length: transfer.length, name: name, contentType: contentType,
            metadata: digests.metadata, createdSeconds: nowSeconds,
            expiresSeconds: ageMaxSeconds.map { nowSeconds + $0 })
    }
}

extension BodyFraming {
    /// Bytes of the content, nil where only its end will tell.
    var contentLength: Int64? {
        switch self {
        case .none: 0
        case .length(let count): count
        case .chunked: nil
        }
    }
}
