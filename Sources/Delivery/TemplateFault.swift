/// Why a text is no place or template.
public struct TemplateFault: Error, CustomStringConvertible {
    /// The end of a sentence that begins with the text.
    public let description: String

    init(_ description: String) { self.description = description }
}
