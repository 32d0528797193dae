/// What a running server is told anew.
public struct ServerReload: Sendable {
    /// All of it: what cannot change while the server runs is as it was at the start.
    public let configuration: ServerConfiguration
    /// Options whose new values are in it.
    public let applied: [String]
    /// Options that have new values, too, which only a restart brings into force.
    public let waiting: [String]
    /// What has no effect, one sentence each.
    public let warnings: [String]
    /// Called when it is in force, by the thread that asked for it.
    public let accepted: @Sendable () -> Void

    /// Where it comes from: called by a thread that may wait, one at a time.
    ///
    /// - Throws: what is wrong with it, for the log; then everything stays as it is.
    public typealias Source = @Sendable () throws(ServerError) -> ServerReload

    public init(
        configuration: ServerConfiguration, applied: [String], waiting: [String], warnings: [String] = [],
        accepted: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        self.applied = applied
        self.waiting = waiting
        self.warnings = warnings
        self.accepted = accepted
    }
}
