/// The head of one part of a form (RFC 7578 4).
public struct PartHead: Sendable {
    /// All fields of the part.
    public let fields: FieldSection
    /// Nil if Content-Disposition is not there or malformed; such a part belongs to no control.
    public let disposition: ContentDisposition?
    /// Nil if Content-Type is not there or malformed.
    public let contentType: MediaType?

    /// The name of the form's control.
    public var name: String? { disposition?.name }
    /// The file's name as the client says it, not safe as a path; nil for what is not a file.
    public var filename: String? { disposition?.filename }

    init(_ fields: FieldSection) {
        self.fields = fields
        disposition = fields.text(.contentDisposition).flatMap(ContentDisposition.init)
        contentType = fields.text(.contentType).flatMap(MediaType.init)
    }
}
