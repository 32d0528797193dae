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
        let modified = HTTPDate(seconds: file.finishedSeconds)
        var response = ResponseHead(.ok)
        response.set("ETag", tag.description)
        response.set("Last-Modified", modified.description)
        response.set("Cache-Control", "private, no-cache")
        if let condition = head.fields.text(.ifNoneMatch), tag.matches(condition) {
            self = .notModified(response.with(.notModified))
            return
        }
        response.set("Accept-Ranges", "bytes")
        response.set("Content-Type", contentType.flatMap { MediaType($0) }?.description ?? "application/octet-stream")
        response.set("Content-Disposition", ContentDisposition.attachment(filename: file.name.description))
        response.set("X-Content-Type-Options", "nosniff")
        response.set("Content-Security-Policy", "default-src 'none'; sandbox")
        // If-Range: a range only of the very same file (RFC 9110 section 13.1.5).
        let condition = head.fields.text(.ifRange)
        let isSame = condition == nil || condition == tag.description || condition == modified.description
        guard head.method == .get, isSame, let field = head.fields.text(.range) else {
            self = .whole(response)
            return
        }
        switch ByteRange(field, length: file.length) {
        case .full: self = .whole(response)
        case .satisfiable(let range):
            var partial = response.with(.partialContent)
            partial.set("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound)/\(file.length)")
            self = .range(partial, range)
        case .unsatisfiable:
            throw Refusal(
                .rangeNotSatisfiable, code: "range-not-satisfiable", "The file has \(file.length) bytes.",
                fields: [("Content-Range", "bytes */\(file.length)")])
        }
    }
}
