public import HTTP
public import Uploads

/// A whole file in one request: `PUT` or `POST` with the file as the body (curl -T, --data-binary).
public struct PlainUpload: Sendable {
    /// What the finished file will be called.
    public let name: CleanName
    /// Bytes of the file, nil where only the end of the body will tell (chunked).
    public let length: Int64?
    /// What the client says the file is; hostile until proven otherwise.
    public let contentType: String?

    /// - Parameters:
    ///   - pathName: the last segment of the address where that names the file (`PUT /files/<name>`).
    ///   - sizeMax: the largest file taken, in bytes.
    public init(_ head: RequestHead, pathName: String?, sizeMax: Int64) throws(Refusal) {
        // A server that does not do partial PUT must not take one for the whole file (RFC 9110 section 14.5).
        guard head.fields.count(of: .contentRange) == 0 else {
            throw Refusal(
                .badRequest, code: "content-range",
                "Content-Range is not supported: send the whole file, or use a resumable dialect.")
        }
        switch head.framing {
        case .none: length = 0
        case .length(let count): length = count
        case .chunked: length = nil
        }
        guard (length ?? 0) <= sizeMax else { throw PlainUpload.tooLarge(sizeMax) }
        let disposition = head.fields.text(.contentDisposition).flatMap { ContentDisposition($0) }
        let told = pathName ?? disposition?.filename
        name = told.map { CleanName($0) } ?? .fallback
        contentType = head.fields.text(.contentType)
    }

    /// More than the server takes.
    public static func tooLarge(_ sizeMax: Int64) -> Refusal {
        Refusal(.contentTooLarge, code: "too-large", "This server takes files of up to \(sizeMax) bytes.")
    }
}
