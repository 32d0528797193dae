public import HTTP
public import Uploads

/// What a `DELETE` is bound to by its conditions (RFC 9110 13).
public enum Removal {
    /// Returns if they hold, or if there are none. Only a finished file has a tag and a date.
    ///
    /// - Parameters:
    ///   - upload: the record, with the right to remove it in hand; what is not there is somebody else's answer.
    ///   - file: as it stands, nil where there is none.
    ///   - nowSeconds: since 1970-01-01 UTC.
    /// - Throws: 412 `precondition-failed`.
    public static func check(
        _ head: RequestHead, _ upload: Upload?, file: FinishedFile?, nowSeconds: Int64
    ) throws(Refusal) {
        guard let upload else { return }
        let tag = file.map { EntityTag(of: upload.id, $0) }
        let condition = Precondition(
            head, tag: tag, lastModified: file.map { HTTPDate(secondsSince1970: $0.changedSeconds) },
            now: HTTPDate(secondsSince1970: nowSeconds))
        guard condition == .met else {
            throw Refusal(
                .preconditionFailed, code: "precondition-failed", "The file is not the one that the request asks for.",
                fields: tag.map { [("ETag" as StaticString, $0.description)] } ?? [])
        }
    }
}
