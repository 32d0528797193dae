/// All that keeps a server from starting, as far as it can be known at once.
public struct ServerErrors: Error, Sendable {
    /// In the order in which they were found; one at least.
    public let errors: [ServerError]

    init(_ errors: [ServerError]) { self.errors = errors }
}
