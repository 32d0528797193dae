public import HTTP
public import Uploads

/// What a `GET` or `HEAD` on a finished file gets: all of it, a range, or word that nothing changed.
public enum Download: Sendable {
    case whole(ResponseHead)
    case range(ResponseHead, ClosedRange<Int64>)
    case notModified(ResponseHead)

    /// - Parameters:
    ///   - upload: the record, for what is said of the file.
    ///   - file: as it is opened.
    ///   - isBeingReplaced: whether nobody can say yet which delivery it is: then nothing is said by which its bytes
    ///     could be put beside others, and no part of it is sent.
    ///   - nowSeconds: since 1970-01-01 UTC.
    /// - Throws: 412 `precondition-failed`, 416 `range-not-satisfiable`.
    public init(
        _ head: RequestHead, _ upload: Upload, file: FinishedFile, isBeingReplaced: Bool = false, nowSeconds: Int64
    ) throws(Refusal) {
        let tag = isBeingReplaced ? nil : EntityTag(of: upload.id, file)
        let modified = isBeingReplaced ? nil : HTTPDate(secondsSince1970: file.changedSeconds)
        let now = HTTPDate(secondsSince1970: nowSeconds)
        var response = ResponseHead(.ok)
        if let tag { response.set("ETag", tag.description) }
        // Never later than the answer itself (RFC 9110 8.8.2.1).
        if let modified, modified <= now { response.set("Last-Modified", modified.description) }
        response.set("Cache-Control", "private, no-cache")
        switch Precondition(head, tag: tag, lastModified: modified, now: now) {
        case .met: break
        case .notModified:
            response.status = .notModified
            self = .notModified(response)
            return
        case .failed:
            throw Refusal(
                .preconditionFailed, code: "precondition-failed", "The file is not the one that the request asks for.",
                fields: tag.map { [("ETag" as StaticString, $0.description)] } ?? [])
        }
        Download.describe(&response, upload, file)
        guard head.method == .get, let tag, let field = head.fields.text(.range) else {
            self = .whole(response)
            return
        }
        if let condition = head.fields.text(.ifRange),
            !tag.allowsRange(ifRange: condition, lastModified: upload.dialect.isReplaceable ? nil : modified, now: now)
        {
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
                fields: [("Content-Range", "bytes */\(file.length)"), ("Accept-Ranges", "bytes")])
        }
    }

    /// Told back only as a type, never rendered (`attachment`, `nosniff`).
    private static func describe(_ response: inout ResponseHead, _ upload: Upload, _ file: FinishedFile) {
        response.set("Accept-Ranges", "bytes")
        response.set(
            "Content-Type", upload.contentType.flatMap { MediaType($0)?.essence } ?? "application/octet-stream")
        response.set("Content-Disposition", ContentDisposition.attachment(filename: file.name.description))
        response.set("X-Content-Type-Options", "nosniff")
        response.set("Content-Security-Policy", "default-src 'none'; form-action 'none'; sandbox")
    }
}
