/// What an application says of a request that it was asked about.
public enum ForwardVerdict: Equatable, Sendable {
    /// Who sends it.
    case passes(Principal)
    /// What its client is told.
    case refuses(ForwardRefusal)
}
