/// Options that belong together, under a heading of help and of the example file.
public struct OptionSection<Target: Sendable>: Sendable {
    /// The heading.
    public let title: String
    /// In the order in which they are told.
    public let options: [OptionDeclaration<Target>]

    public init(_ title: String, _ options: [OptionDeclaration<Target>]) {
        self.title = title
        self.options = options
    }
}
