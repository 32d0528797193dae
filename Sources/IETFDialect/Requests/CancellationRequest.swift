public import HTTP
public import Uploads

/// `DELETE` on an upload's address: the client wants it no more.
public struct CancellationRequest: Sendable {
    /// Which revision of the draft its client speaks.
    public let version: InteropVersion

    /// - Throws: 400 for fields that have no meaning here, which the drafts up to 6 demand.
    public init(_ head: RequestHead) throws(Refusal) {
        version = InteropVersion(head)
        guard StructuredField.count(UploadField.offset, in: head.fields) == nil,
            version.completeness(in: head.fields) == nil
        else { throw UploadProblem.strayField.refusal(version) }
    }

    /// Returns if the upload is to be removed, and then answered with `UploadAnswer.cancelled`: finished or not,
    /// whatever protocol began it. Who knows the address may.
    ///
    /// - Parameters:
    ///   - upload: the record, with the right to it in hand; nil if there is none.
    ///   - nowSeconds: since 1970-01-01 UTC.
    /// - Throws: 404 for what is unknown.
    public func check(_ upload: Upload?, nowSeconds: Int64) throws(Refusal) {
        guard let upload, upload.expiresSeconds ?? .max > nowSeconds else {
            throw UploadProblem.unknown.refusal(version)
        }
    }
}
