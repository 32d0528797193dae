public import HTTP
public import Uploads

/// A whole file in one request: `PUT` or `POST` with the file as the body (curl -T, --data-binary).
public struct PlainRequest: Sendable {
    /// What the finished file will be called.
    public let name: CleanName
    /// Bytes of the file, nil where only the end of the body will tell (chunked).
    public let length: Int64?
    /// What the client says the file is; hostile until proven otherwise.
    public let contentType: String?

    /// - Parameters:
    ///   - contentType: as `ContentKind` read it.
    ///   - pathName: the last segment of the address where that names the file (`PUT /files/<name>`).
    ///   - sizeMax: the largest file taken, in bytes.
    ///   - foreign: fields of resumable protocols.
    /// - Throws: what `WholeRequest.check` throws; 400 `bad-disposition`; 412 for `If-Match`; 413.
    public init(_ head: RequestHead, contentType: String?, pathName: String?, sizeMax: Int64, foreign: [FieldName])
        throws(Refusal)
    {
        try WholeRequest.check(head, foreign: foreign)
        // Each request makes a new file: there is none that could match (RFC 9110 13.1.1).
        guard !head.fields.contains(.ifMatch) else {
            throw Refusal(
                .preconditionFailed, code: "precondition-failed", "An upload makes a new file: nothing is there yet.")
        }
        length = if case .length(let count) = head.framing { count } else { nil }
        guard (length ?? 0) <= sizeMax else { throw .tooLarge(sizeMax) }
        let disposition = try ContentDisposition.filename(toldBy: head.fields)
        name = (pathName ?? disposition).map { CleanName($0) } ?? .fallback
        self.contentType = contentType
    }
}
