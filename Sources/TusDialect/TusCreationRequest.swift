public import HTTP
public import Uploads

/// A `POST` that makes an upload: of a known length or not, a part, or the whole of parts; with its first bytes or not.
///
/// | Upload-Concat | Upload-Length | Upload-Defer-Length | body | is |
/// |---|---|---|---|---|
/// | – or partial | N | – | up to N bytes | an upload of N bytes |
/// | – or partial | – | 1 | any | an upload whose length comes later |
/// | final | – | – | none | the whole of its parts |
/// | anything else |||| refused with 400, past a bound with 413 or 431 |
public struct TusCreationRequest: Sendable {
    /// The file's size in bytes; nil where it comes later, or from the parts.
    public let length: Int64?
    /// What the client says of the file.
    public let metadata: UploadMetadata
    /// The upload's place among others, nil for a file by itself.
    public let concatenation: Concatenation?
    /// Whether file bytes come with the request; the answer tells the offset then.
    public let hasBody: Bool
    /// What is to be checked of the body.
    public let checksum: ChecksumPlan

    /// - Throws: 400, 413, 415 or 431; nothing has been made then.
    public init(_ head: RequestHead, offer: TusOffer) throws(Refusal) {
        concatenation = try Concatenation.requested(head, offer: offer)
        metadata = try UploadMetadata(head)
        let bodyLength = UploadBody.length(head)
        hasBody = bodyLength != 0
        if concatenation?.parts != nil {
            guard !hasBody, head.fields.count(of: .uploadLength) == 0, head.fields.count(of: .uploadDeferLength) == 0
            else {
                throw .tus(
                    .badRequest, code: "final-takes-nothing",
                    "A final upload takes its length and its bytes from its parts alone.")
            }
            (length, checksum) = (nil, .none)
            return
        }
        length = try TusCreationRequest.length(head, offer: offer)
        if hasBody { try UploadBody.checkType(head) }
        checksum = try ChecksumPlan(head, offer: offer)
        if let length, let bodyLength, bodyLength > length { throw AppendPlan.tooLong(length) }
        if (bodyLength ?? 0) > offer.sizeMax { throw offer.tooLarge }
    }

    /// The record to be made: open, at offset zero.
    ///
    /// - Parameters:
    ///   - length: of a final upload as far as `FinalDecision` knows it; the request's own for any other.
    ///   - nowSeconds: seconds since 1970-01-01 UTC.
    public func upload(_ id: UploadID, length: Int64?, offer: TusOffer, nowSeconds: Int64) -> Upload {
        Upload(
            id: id, dialect: .tus, length: length, name: metadata.name ?? .fallback,
            contentType: metadata.contentType, metadata: metadata.text, createdSeconds: nowSeconds,
            expiresSeconds: offer.expiry.expiresSeconds(nowSeconds: nowSeconds), concatenation: concatenation)
    }

    /// How the body goes into the new upload; nil where there is nothing to write, to check or to finish, so that the
    /// record alone must last. Not for a final upload.
    public func plan(offer: TusOffer) -> AppendPlan? {
        guard concatenation?.parts == nil, hasBody || length == 0 || checksum.isProvisional else { return nil }
        return AppendPlan(
            start: .zero, length: length, declaresLength: false, isPart: concatenation != nil, offer: offer)
    }

    private static func length(_ head: RequestHead, offer: TusOffer) throws(Refusal) -> Int64? {
        let length = try head.fields.number(.uploadLength, "Upload-Length", code: "bad-length")
        let deferral = head.fields.text(.uploadDeferLength)
        guard deferral == nil || deferral == "1" else {
            throw .tus(.badRequest, code: "bad-defer-length", "Upload-Defer-Length takes 1 and nothing else.")
        }
        guard (length == nil) != (deferral == nil) else {
            throw .tus(
                .badRequest, code: "length-or-deferral",
                "A creation takes either Upload-Length or Upload-Defer-Length.")
        }
        if let length, length > offer.sizeMax { throw offer.tooLarge }
        return length
    }
}
