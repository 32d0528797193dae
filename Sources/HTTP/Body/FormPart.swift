/// What a part of a form is: the one place that decides it. A part that cannot be understood is refused, since to skip
/// it could be to lose a file whose sender is told that all is well.
public enum FormPart: Sendable {
    /// A file. The name is the client's, not safe as a path, and may be empty; the type is as told.
    case file(name: String, type: String?)
    /// The value of a control, of this name.
    case field(name: String)

    /// | Content-Disposition | Content-Type | is |
    /// |---|---|---|
    /// | with a file name | any | a file |
    /// | `form-data`, no file name | none, text, JSON | a field |
    /// | `form-data`, no file name | another | refused: a file without a name |
    /// | none, several, unreadable, or of another type | any | refused |
    ///
    /// - Throws: 400 `bad-disposition`, `nameless-file`; what `ContentKind` throws for the fields it reads.
    public init(_ head: PartHead) throws(Refusal) {
        let filename = try ContentDisposition.filename(toldBy: head.fields)
        try ContentKind.checkCoding(head.fields)
        try ContentKind.checkWhole(head.fields)
        let type = try ContentKind.type(head.fields)
        if let filename {
            self = .file(name: filename, type: type)
            return
        }
        guard let disposition = head.disposition, disposition.type == "form-data" else {
            throw Refusal(
                .badRequest, code: "bad-disposition", "A part of the form does not say which control it belongs to.")
        }
        guard head.contentType.map(FormPart.isText) ?? (type == nil) else { throw FormPart.nameless }
        self = .field(name: disposition.name ?? "")
    }

    private static func isText(_ type: MediaType) -> Bool {
        type.type == "text" || type.essence == "application/json" || type.essence == "application/x-www-form-urlencoded"
    }

    /// A part without a file name that is no text.
    public static var nameless: Refusal {
        Refusal(
            .badRequest, code: "nameless-file",
            "A part of the form looks like a file and has no file name (filename=\"…\").")
    }
}
