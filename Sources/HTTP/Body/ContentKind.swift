/// What the content of a request is: the one place that decides it, for every address that takes files.
public enum ContentKind: Hashable, Sendable {
    /// A form, whose parts are divided by these bytes.
    case form(boundary: [UInt8])
    /// A file, or a piece of one; of this type as told, if any was.
    case file(type: String?)

    /// Reads `Content-Type`. What is of a multipart type and cannot be read as a form is refused: it would otherwise
    /// become a file that holds the frame of a form.
    ///
    /// - Throws: 400 `repeated-content-type`, `no-boundary`; 415 `not-a-form` for another multipart type; 431
    ///   `content-type-too-long`.
    public init(_ fields: FieldSection) throws(Refusal) {
        guard let text = try ContentKind.type(fields) else {
            self = .file(type: nil)
            return
        }
        guard let type = MediaType(text) else {
            guard !text.containsFolded("multipart/") else { throw ContentKind.noBoundary }
            self = .file(type: text)
            return
        }
        guard type.type == "multipart" else {
            self = .file(type: text)
            return
        }
        guard type.subtype == "form-data" else {
            throw Refusal(
                .unsupportedMediaType, code: "not-a-form",
                "Of the multipart types only form-data is taken. A file of another one is sent without its type."
            )
        }
        guard let boundary = MultipartParser.boundary(of: type) else { throw ContentKind.noBoundary }
        self = .form(boundary: boundary)
    }

    /// The media type that is told, and kept with a file; nil if none is.
    ///
    /// - Throws: as `init` does, for a field that comes twice or is too long to be kept.
    public static func type(_ fields: FieldSection) throws(Refusal) -> String? {
        guard let text = fields.text(.contentType) else { return nil }
        guard fields.count(of: .contentType) == 1 else {
            throw Refusal(.badRequest, code: "repeated-content-type", "There is more than one Content-Type.")
        }
        guard text.utf8.count <= HTTPLimits.contentTypeBytesMax else {
            throw Refusal(
                .requestHeaderFieldsTooLarge, code: "content-type-too-long",
                "Content-Type takes up to \(HTTPLimits.contentTypeBytesMax) bytes.")
        }
        return text
    }

    /// Refuses content that is not the bytes of a file as they are.
    ///
    /// - Throws: 415 `content-encoding` for what is compressed or otherwise coded.
    public static func checkCoding(_ fields: FieldSection) throws(Refusal) {
        if !fields.contains(.contentEncoding), !fields.contains(.contentTransferEncoding) { return }
        for line in fields.values(.contentEncoding) {
            for coding in line.pieces(between: ",") {
                let name = coding.withoutBlanks.foldedASCII
                guard name.isEmpty || name == "identity" else { throw coded }
            }
        }
        for coding in fields.values(.contentTransferEncoding) {
            // Those of RFC 2045 that leave the bytes alone.
            guard ["7bit", "8bit", "binary"].contains(coding.foldedASCII) else { throw coded }
        }
    }

    /// Refuses content that says by `Content-Range` that it is a part: who does not read that must not take it for the
    /// whole file (RFC 9110 14.5).
    ///
    /// - Throws: 400 `content-range`.
    public static func checkWhole(_ fields: FieldSection) throws(Refusal) {
        guard !fields.contains(.contentRange) else { throw partial }
    }

    /// The content is a part of something, by a field that nobody here reads.
    public static var partial: Refusal {
        Refusal(
            .badRequest, code: "content-range",
            "No part of a file is taken by Content-Range here: send the whole file, or use a resumable protocol (tus).")
    }

    private static var coded: Refusal {
        Refusal(
            .unsupportedMediaType, code: "content-encoding",
            "Files are stored as they come: send the bytes themselves, not compressed or otherwise coded.",
            fields: [("Accept-Encoding", "identity")])
    }

    private static var noBoundary: Refusal {
        Refusal(.badRequest, code: "no-boundary", "The form's Content-Type lacks a valid boundary.")
    }
}
