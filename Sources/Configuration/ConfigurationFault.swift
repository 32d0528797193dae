/// Everything that is wrong with a configuration: one sentence each, which names where it stands.
public struct ConfigurationFault: Error {
    /// At least one; each a line.
    public let lines: [String]

    public init(_ lines: [String]) { self.lines = lines }

    /// As many as somebody reads, and how many there are beside them.
    static func bounded(_ lines: [String]) -> ConfigurationFault {
        let rest = lines.count - linesMax
        guard rest > 0 else { return ConfigurationFault(lines) }
        return ConfigurationFault(
            lines.prefix(linesMax) + ["… and \(rest) more that \(rest == 1 ? "is" : "are") wrong."])
    }

    /// What stands in a log at once, or on a screen that goes back a little.
    private static let linesMax = 50
}
