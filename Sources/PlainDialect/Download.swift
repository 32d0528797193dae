public import HTTP
public import Uploads

/// What a `GET` or `HEAD` on a finished file gets: all of it, a range, or word that nothing changed.
public enum Download: Sendable {
    case whole(ResponseHead)
    case range(ResponseHead, ClosedRange<Int64>)
    case notModified(ResponseHead)

    /// - Parameters:
    ///   - contentType: what the uploader said; told back only as a type, never rendered (`attachment`, `nosniff`).
    public init(_ head: RequestHead, id: UploadID, file: FinishedFile, contentType: String?) throws(Refusal) {
        let tag = EntityTag("\(id)-\(file.length)-\(file.finishedSeconds)")
        let modified = HTTPDate(secondsSince1970: file.finishedSeconds)
        var response = ResponseHead(.ok)
        response.set("ETag", tag.description)
        response.set("Last-Modified", modified.description)
        response.set("Cache-Control", "private, no-cache")
        if let condition = head.fields.text(.ifNoneMatch), tag.isListed(inIfNoneMatch: condition) {
            response.status = .notModified
            self = .notModified(response)
            return
        }
        response.set("Accept-Ranges", "bytes")
        response.set("Content-Type", contentType.flatMap { MediaType($0)?.essence } ?? "application/octet-stream")
        response.set("Content-Disposition", ContentDisposition.attachment(filename: file.name.description))
        response.set("X-Content-Type-Options", "nosniff")
        response.set("Content-Security-Policy", "default-src 'none'; sandbox")
        // If-Range: a range only of the very same file (RFC 9110 section 13.1.5).
        let isSame = head.fields.text(.ifRange).map { tag.allowsRange(ifRange: $0, lastModified: modified) } ?? true
        guard head.method == .get, isSame, let field = head.fields.text(.range) else {
            self = .whole(response)
            return
        }
        switch ByteRange(field, length: file.length) {
        case .full: self = .whole(response)
        case .satisfiable(let range):
            response.status = .partialContent
            response.set("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound)/\(file.length)")
            self = .range(response, range)
        case .unsatisfiable:
            throw Refusal(
                .rangeNotSatisfiable, code: "range-not-satisfiable", "The file has \(file.length) bytes.",
                fields: [("Content-Range", "bytes */\(file.length)")])
        }
    }
}
