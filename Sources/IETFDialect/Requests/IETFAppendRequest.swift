public import HTTP

/// More bytes of an upload: what a `PATCH` on its address says.
public struct IETFAppendRequest: Sendable {
    /// Which revision of the draft its client speaks.
    public let version: InteropVersion
    /// The 104s it gets; never one with an address.
    public let interim: InterimAnswers
    /// Where the client thinks that the upload stands, in bytes.
    let offset: Int64
    /// Whether the content is the end of the file.
    let isLast: Bool
    /// The whole file's length as far as told in words, in bytes.
    let length: Int64?
    /// Bytes of the content, nil where only its end will tell.
    let contentLength: Int64?
    /// What the content must come to.
    let contentDigest: PromisedDigest?
    let digests: RepresentationDigests
    let policy: IETFPolicy

    /// - Throws: 415 for another media type, 400 for a missing field.
    public init(_ head: RequestHead, policy: IETFPolicy) throws(Refusal) {
        version = InteropVersion(head)
        guard !version.demandsMediaType || IETFAppendRequest.hasMediaType(head) else {
            throw UploadProblem.mediaType.refusal(version)
        }
        guard let offset = StructuredField.count(UploadField.offset, in: head.fields) else {
            throw UploadProblem.missingField(.offset).refusal(version)
        }
        let isLast = version.completeness(in: head.fields) ?? (version.takesSilenceForCompletion ? true : nil)
        guard let isLast else { throw UploadProblem.missingField(.completeness).refusal(version) }
        self.offset = offset
        self.isLast = isLast
        length = try UploadField.length(in: head.fields, version)
        contentLength = head.framing.contentLength
        contentDigest = try PromisedDigest.content(head.fields, policy.digests)
        digests = try RepresentationDigests(head.fields, policy.digests)
        interim = InterimAnswers(version, head, isCreation: false, policy: policy)
        self.policy = policy
    }

    static func hasMediaType(_ head: RequestHead) -> Bool {
        head.fields.text(.contentType).flatMap { MediaType($0) }?.essence == "application/partial-upload"
    }
}
