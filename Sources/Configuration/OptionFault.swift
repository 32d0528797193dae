/// What is wrong with an option's value: the words behind the option's name, as `takes 1 to 1024`.
public struct OptionFault: Error {
    /// Without a full stop.
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
}
