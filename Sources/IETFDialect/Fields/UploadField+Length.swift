internal import HTTP

extension UploadField {
    /// What a request says of the whole file's length in bytes; nil where it says nothing.
    ///
    /// - Throws: 400 `bad-length` for what is no such number, or two.
    static func length(in fields: FieldSection, _ version: InteropVersion) throws(Refusal) -> Int64? {
        guard fields.contains(UploadField.length) else { return nil }
        guard let count = StructuredField.count(UploadField.length, in: fields) else {
            throw UploadProblem.badLength.refusal(version)
        }
        return count
    }
}
