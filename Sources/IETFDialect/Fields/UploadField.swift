public import HTTP

/// The fields of "Resumable Uploads for HTTP", and of the digests that go with them (RFC 9530).
public enum UploadField {
    static let complete = FieldName("Upload-Complete")
    static let incomplete = FieldName("Upload-Incomplete")
    static let offset = FieldName("Upload-Offset")
    static let length = FieldName("Upload-Length")
    static let interopVersion = FieldName("Upload-Draft-Interop-Version")
    static let contentDigest = FieldName("Content-Digest")
    static let reprDigest = FieldName("Repr-Digest")
    static let wantReprDigest = FieldName("Want-Repr-Digest")

    /// All of them.
    public static let all = DialectFields(
        requests: [complete, incomplete, offset, length, interopVersion, contentDigest, reprDigest, wantReprDigest],
        marks: [complete, incomplete, offset, length],
        answers: [
            FieldName("Location"), complete, incomplete, offset, length, interopVersion, FieldName("Upload-Limit"),
            reprDigest, FieldName("Accept-Patch"),
        ])

    /// Whether a request says that it belongs to this dialect, in a way that can be read or not.
    public static func tellCompleteness(_ fields: FieldSection) -> Bool {
        fields.contains(complete) || fields.contains(incomplete)
    }

    // Of other protocols: with one of these a request is never one of this dialect's.
    static let tusResumable = FieldName("Tus-Resumable")
    static let xFileID = FieldName("X-File-Id")
}
