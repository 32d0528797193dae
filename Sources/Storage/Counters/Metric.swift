/// What a counted number is called outside.
public struct Metric: Sendable {
    /// The family's name, without the program's: it ends in `_total`.
    public let name: String
    /// What tells it apart within a family of several numbers.
    public let labels: [(String, String)]
    /// One sentence for who reads it. It is that of the family's first number.
    public let help: String

    /// - Parameter subject: what is counted: the name up to `_total`; bytes end in `_bytes`.
    public init(_ subject: String, labels: [(String, String)] = [], _ help: String) {
        name = "\(subject)_total"
        self.labels = labels
        self.help = help
    }
}
