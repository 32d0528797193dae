public import HTTP

/// The requests of "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload), told from all others by what
/// they say of themselves.
///
/// | method             | address         | and                                                     | is           |
/// |--------------------|-----------------|---------------------------------------------------------|--------------|
/// | HEAD, GET          | upload resource |                                                         | retrieval    |
/// | DELETE             | upload resource |                                                         | cancellation |
/// | PATCH              | upload resource | a completeness field, the media type, or a draft's number | append     |
/// | any with content   | any             | a valid completeness field                              | creation     |
///
/// Apple's systems put a completeness field on *every* upload task of every app, whatever the app means to say. So a
/// request that belongs to another protocol (`Tus-Resumable`, `X-File-Id`) is never one of these. A form is: who says
/// that the body is an upload means its bytes.
public enum IETFRequest: Sendable {
    /// A new upload. Whether the address takes one with this method is the caller's to know.
    case creation
    /// More bytes of an upload.
    case append
    /// The question for the offset. On a finished file it may as well be a download: see `RetrievalRequest`.
    case retrieval
    case cancellation

    /// Nil for what is not of this dialect; `OPTIONS` never is.
    ///
    /// - Parameter isUploadResource: whether the address is that of an upload, as far as its form tells.
    public init?(_ head: RequestHead, isUploadResource: Bool) {
        guard !head.fields.contains(UploadField.tusResumable) else { return nil }
        switch head.method {
        case .options: return nil
        case .head where isUploadResource, .get where isUploadResource: self = .retrieval
        case .delete where isUploadResource: self = .cancellation
        case .head, .get, .delete: return nil
        case .patch where isUploadResource:
            guard IETFRequest.isAppend(head) else { return nil }
            self = .append
        default:
            guard InteropVersion(head).completeness(in: head.fields) != nil, !head.fields.contains(UploadField.xFileID)
            else {
                return nil
            }
            self = .creation
        }
    }

    private static func isAppend(_ head: RequestHead) -> Bool {
        head.fields.contains(UploadField.interopVersion)
            || InteropVersion(head).completeness(in: head.fields) != nil
            || IETFAppendRequest.hasMediaType(head)
    }
}
