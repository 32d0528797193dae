internal import HTTP

/// The request fields of tus 1.0.0.
extension FieldName {
    static let trailer = FieldName("trailer")
    static let tusResumable = FieldName("tus-resumable")
    static let uploadChecksum = FieldName("upload-checksum")
    static let uploadConcat = FieldName("upload-concat")
    static let uploadDeferLength = FieldName("upload-defer-length")
    static let uploadLength = FieldName("upload-length")
    static let uploadMetadata = FieldName("upload-metadata")
    static let uploadOffset = FieldName("upload-offset")
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
