public import HTTP

/// What must be true of any request whose body is stored whole, as a file or as a form with files: that nothing in it
/// says that it is something else. To leave a field aside that was meant would be to store a piece as the whole.
public enum WholeRequest {
    /// - Parameter foreign: fields that say that it belongs to a resumable protocol.
    /// - Throws: 400 `bad-method-override`, `stray-field`, `file-in-pieces`; 411 `length-required`; what
    ///   `ContentKind.checkCoding` and `ContentKind.checkWhole` throw.
    public static func check(_ head: RequestHead, foreign: [FieldName]) throws(Refusal) {
        guard !head.isOverridden else { throw overridden }
        try ContentKind.checkCoding(head.fields)
        try ContentKind.checkWhole(head.fields)
        for name in foreign where head.fields.contains(name) {
            throw Refusal(
                .badRequest, code: "stray-field",
                "\(name.spelling) belongs to a resumable protocol that this request does not speak: nothing is stored.")
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
}
