public import HTTP
internal import Uploads

/// Which revision of the draft a client speaks (`Upload-Draft-Interop-Version`). What it changes is in the extensions,
/// one file for each difference; everything else is the same for all.
///
/// | version     | drafts     | news                                                                              |
/// |-------------|------------|-----------------------------------------------------------------------------------|
/// | 3           | -01        | `Upload-Incomplete`                                                               |
/// | 4           | -02        | `Upload-Complete` in its place, meaning the inverse                               |
/// | 5           | -03        | further 104s tell the progress                                                    |
/// | 6           | -04, -05   | media type of appends, `Upload-Limit` with `expires`, `Upload-Length`, problem types |
/// | 7           | -06 to -08 | `max-age`, completeness must be on appends                                        |
/// | 8           | -09 to -11 | an upload that runs past its length is invalid                                    |
/// | 9           | -12        | the final response may be sent again                                              |
/// | 10          | -13 to -15 | as 9                                                                              |
/// | unversioned | the RFC    | as 9, without 104                                                                 |
public enum InteropVersion: Int64, Sendable, CaseIterable, Comparable {
    case draft3 = 3
    case draft4 = 4
    case draft5 = 5
    case draft6 = 6
    case draft7 = 7
    case draft8 = 8
    case draft9 = 9
    case draft10 = 10
    /// No number, or one that is not known: what the RFC will be.
    case unversioned = 999_999_999_999_999

    /// A number that is not known is no reason to refuse an upload: such a client only gets no 104.
    public init(_ head: RequestHead) {
        self =
            StructuredField.count(UploadField.interopVersion, in: head.fields)
            .flatMap { InteropVersion(rawValue: $0) } ?? .unversioned
    }

    public static func < (left: InteropVersion, right: InteropVersion) -> Bool { left.rawValue < right.rawValue }

    /// The fields by which every answer about an upload tells where it stands.
    ///
    /// - Parameters:
    ///   - isComplete: nil where nothing is said of it.
    ///   - offset: nil where nothing is said of it. Drafts up to 6 demand it on final answers; all others allow it.
    func fields(isComplete: Bool?, offset: Offset?) -> [(name: StaticString, value: String)] {
        var fields: [(name: StaticString, value: String)] = []
        if self != .unversioned { fields.append(("Upload-Draft-Interop-Version", String(rawValue))) }
        if let isComplete { fields.append(completenessField(isComplete)) }
        if let offset { fields.append(("Upload-Offset", offset.description)) }
        return fields
    }
}
