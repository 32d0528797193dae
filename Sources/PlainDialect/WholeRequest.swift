public import HTTP

/// What must be true of any request whose body is stored whole, as a file or as a form with files: that nothing in it
/// says that it is something else. To leave a field aside that was meant would be to store a piece as the whole.
public enum WholeRequest {
    /// - Throws: 400 `bad-method-override`, `stray-field`, `file-in-pieces`; 411 `length-required`; what
    ///   `ContentKind.checkCoding` throws.
    public static func check(_ head: RequestHead) throws(Refusal) {
        guard !head.isOverridden else { throw overridden }
        try ContentKind.checkCoding(head.fields)
        for (name, text) in foreign where head.fields.contains(name) {
            throw Refusal(
                .badRequest, code: "stray-field",
                "\(text) belongs to a resumable protocol that this request does not speak: nothing is stored.")
        }
        try FilePieces.check(query: head.target.query)
        guard head.framing != .none else { throw lengthRequired }
    }

    /// The body's end is nowhere told.
    public static var lengthRequired: Refusal {
        Refusal(
            .lengthRequired, code: "length-required",
            "The request has neither Content-Length nor Transfer-Encoding: how long the file is nobody can tell.")
    }

    /// A method behind the method makes no file.
    public static var overridden: Refusal {
        Refusal(
            .badRequest, code: "bad-method-override", "X-HTTP-Method-Override is for uploads that are under way.")
    }

    private static let foreign: [(FieldName, StaticString)] = [
        (FieldName("upload-offset"), "Upload-Offset"), (FieldName("upload-complete"), "Upload-Complete"),
        (FieldName("upload-incomplete"), "Upload-Incomplete"), (FieldName("upload-length"), "Upload-Length"),
        (FieldName("upload-defer-length"), "Upload-Defer-Length"), (FieldName("upload-concat"), "Upload-Concat"),
        (FieldName("upload-metadata"), "Upload-Metadata"), (FieldName("upload-checksum"), "Upload-Checksum"),
        (.xFileID, "X-File-Id"), (.xStartByte, "X-Start-Byte"), (.xFileSize, "X-File-Size"),
    ]
}
