/// Why a key or a file of tokens cannot be used. The text is for operators and never holds a secret.
public struct KeyFault: Error, Sendable, CustomStringConvertible {
    /// One line.
    public let description: String

    public init(_ description: String) { self.description = description }
}
