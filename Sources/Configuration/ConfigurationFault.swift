/// Everything that is wrong with a configuration: one sentence each, which names where it stands.
public struct ConfigurationFault: Error {
    /// At least one; each a line.
    public let lines: [String]

    public init(_ lines: [String]) { self.lines = lines }
}
