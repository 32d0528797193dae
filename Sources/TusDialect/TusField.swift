public import HTTP

/// The fields of tus 1.0.0.
public enum TusField {
    /// All of them.
    public static let all = DialectFields(
        requests: [
            .tusResumable, .uploadChecksum, .uploadConcat, .uploadDeferLength, .uploadLength, .uploadMetadata,
            .uploadOffset,
        ],
        marks: [.uploadChecksum, .uploadConcat, .uploadDeferLength, .uploadLength, .uploadMetadata, .uploadOffset],
        answers: [
            FieldName("Location"), .tusResumable, FieldName("Tus-Version"), FieldName("Tus-Max-Size"),
            FieldName("Tus-Extension"), FieldName("Tus-Checksum-Algorithm"), .uploadConcat, .uploadDeferLength,
            FieldName("Upload-Expires"), .uploadLength, .uploadMetadata, .uploadOffset,
        ])
}

extension FieldName {
    static let trailer = FieldName("Trailer")
    static let tusResumable = FieldName("Tus-Resumable")
    static let uploadChecksum = FieldName("Upload-Checksum")
    static let uploadConcat = FieldName("Upload-Concat")
    static let uploadDeferLength = FieldName("Upload-Defer-Length")
    static let uploadLength = FieldName("Upload-Length")
    static let uploadMetadata = FieldName("Upload-Metadata")
    static let uploadOffset = FieldName("Upload-Offset")
}

extension FieldSection {
    /// A field that takes one number, nil if it was not sent.
    func number(_ name: FieldName, _ text: StaticString, code: String) throws(Refusal) -> Int64? {
        switch decimal(name) {
        case .absent: return nil
        case .value(let value): return value
        case .malformed:
            throw .tus(.badRequest, code: code, "The \(text) field takes one decimal number.")
        }
    }
}
