internal import HTTP

/// The fields of this dialect in requests.
enum UploadField {
    static let complete = FieldName("upload-complete")
    static let incomplete = FieldName("upload-incomplete")
    static let offset = FieldName("upload-offset")
    static let length = FieldName("upload-length")
    static let interopVersion = FieldName("upload-draft-interop-version")
    static let contentDigest = FieldName("content-digest")
    static let reprDigest = FieldName("repr-digest")
    static let wantReprDigest = FieldName("want-repr-digest")
}
