/// A media type with its parameters (RFC 9110 8.3.1), as in Content-Type.
public struct MediaType: Sendable {
    /// In lower case, like `text`.
    public let type: String
    /// In lower case, like `plain`.
    public let subtype: String
    private let parameters: [(name: String, value: String)]

    /// Nil if malformed, or if a parameter comes twice.
    public init?(_ text: String) {
        var scanner = ParameterScanner(text, escapes: .all)
        guard let type = scanner.token(), scanner.skip(.slash), let subtype = scanner.token(),
            let parameters = scanner.parameters()
        else { return nil }
        self.type = type
        self.subtype = subtype
        self.parameters = parameters
    }

    /// Type and subtype without parameters, in lower case, like `text/plain`.
    public var essence: String { "\(type)/\(subtype)" }

    /// A parameter's value, unquoted; `name` in lower case.
    public func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
}
