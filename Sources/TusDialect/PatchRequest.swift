public import HTTP

/// What a `PATCH` says. `Upload-Concat`, which some clients repeat here, means nothing.
public struct PatchRequest: Sendable {
    /// Where the body's first byte belongs in the file.
    public let offset: Int64
    /// The whole file's size in bytes, where the client says it only now, or again.
    public let length: Int64?
    /// Bytes of the body, nil where only its end will tell (chunked).
    public let bodyLength: Int64?
    /// What is to be checked of the body.
    public let checksum: ChecksumPlan

    /// - Throws: 415, 400 or 413; the upload need not be touched then.
    public init(_ head: RequestHead, offer: TusOffer) throws(Refusal) {
        try UploadBody.checkType(head)
        guard let offset = try head.fields.number(.uploadOffset, "Upload-Offset", code: "bad-offset") else {
            throw .tus(.badRequest, code: "no-offset", "A PATCH takes Upload-Offset.")
        }
        self.offset = offset
        length = try head.fields.number(.uploadLength, "Upload-Length", code: "bad-length")
        bodyLength = UploadBody.length(head)
        checksum = try ChecksumPlan(head, offer: offer)
        if let length, length > offer.sizeMax { throw offer.tooLarge }
    }
}
