/// What a counted number is called outside.
public struct Metric: Sendable {
    /// The family's name, without the program's; counters end in `_total`.
    public let name: String
    /// What tells it apart within a family of several numbers.
    public let labels: [(String, String)]
    /// One sentence for who reads it. It is that of the family's first number.
    public let help: String

    public init(_ name: String, labels: [(String, String)] = [], _ help: String) {
        self.name = name
        self.labels = labels
        self.help = help
    }
}
