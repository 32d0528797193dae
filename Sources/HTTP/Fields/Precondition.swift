/// What the conditions of a request come to (RFC 9110 13), in the order of its section 13.2.2.
///
/// | step | field | holds if | otherwise |
/// |---|---|---|---|
/// | 1 | If-Match | strong tag listed, or `*` | failed |
/// | 2 | If-Unmodified-Since, without step 1 | not changed after the date | failed |
/// | 3 | If-None-Match | tag not listed (weakly), no `*` | GET, HEAD: not modified; else failed |
/// | 4 | If-Modified-Since, GET and HEAD, without step 3 | changed after the date | not modified |
///
/// The fifth step, If-Range, is `EntityTag.allowsRange`.
public enum Precondition: Hashable, Sendable {
    /// Nothing stands in the way.
    case met
    /// 304: what the client has is what there is.
    case notModified
    /// 412: what the client thinks is there is not.
    case failed

    /// - Parameters:
    ///   - tag: of the representation that would be sent or changed; nil where there is none.
    ///   - lastModified: nil where there is no representation or nobody knows.
    ///   - now: to read dates of two digits a year by.
    public init(_ head: RequestHead, tag: EntityTag?, lastModified: HTTPDate?, now: HTTPDate) {
        let fields = head.fields
        let reads = head.method == .get || head.method == .head
        self = .met
        if let list = fields.text(.ifMatch) {
            guard tag?.isListed(inIfMatch: list) ?? false else {
                self = .failed
                return
            }
        } else if let date = Precondition.date(.ifUnmodifiedSince, fields, now), let lastModified, lastModified > date {
            self = .failed
            return
        }
        if let list = fields.text(.ifNoneMatch) {
            if tag?.isListed(inIfNoneMatch: list) ?? false { self = reads ? .notModified : .failed }
        } else if reads, let date = Precondition.date(.ifModifiedSince, fields, now), let lastModified,
            lastModified <= date
        {
            self = .notModified
        }
    }

    /// A field that is no date, or was sent twice, means nothing.
    /// Whether a request has conditions at all.
    public static func isIn(_ head: RequestHead) -> Bool {
        [FieldName.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince].contains { head.fields.text($0) != nil }
    }

    private static func date(_ name: FieldName, _ fields: FieldSection, _ now: HTTPDate) -> HTTPDate? {
        fields.text(name).flatMap { HTTPDate(anyForm: $0, now: now) }
    }
}
