public import HTTP
public import Uploads

/// The question for the offset: `HEAD` or `GET` on an upload's address.
public struct RetrievalRequest: Sendable {
    /// Which revision of the draft its client speaks.
    public let version: InteropVersion
    /// Whether an append in flight is to be fenced and settled first, so that the offset told is the one that the next
    /// append must have. Not for a `GET` that does not say that it is of this protocol: a person who opens an address
    /// must not break an upload.
    public let fences: Bool
    /// Whether a finished file may be given in answer, with `UploadAnswer.describe` added: the RFC takes any 2xx, but
    /// the drafts count on 204.
    public let takesFile: Bool

    /// - Throws: 400 for fields that have no meaning here, which the drafts up to 6 demand.
    public init(_ head: RequestHead) throws(Refusal) {
        version = InteropVersion(head)
        guard StructuredField.count(UploadField.offset, in: head.fields) == nil,
            version.completeness(in: head.fields) == nil,
            StructuredField.count(UploadField.length, in: head.fields) == nil
        else { throw UploadProblem.strayField.refusal(version) }
        let isMarked = head.fields.contains(UploadField.interopVersion)
        fences = head.method == .head || isMarked
        takesFile = !isMarked
    }

    /// The 204 that tells the offset, to whoever knows the address, whatever protocol began the upload.
    ///
    /// - Parameters:
    ///   - upload: as settled; nil if there is none.
    ///   - nowSeconds: since 1970-01-01 UTC.
    /// - Throws: 404 for what is unknown, expired or lost.
    public func answer(_ upload: Upload?, policy: IETFPolicy, nowSeconds: Int64) throws(Refusal) -> ResponseHead {
        let upload = try upload.current(version, nowSeconds: nowSeconds)
        return UploadAnswer.offset(
            upload, version, limit: UploadLimit(policy, upload: upload, nowSeconds: nowSeconds))
    }
}
