/// How far a finished file is on its way to the place that it was promised.
public enum FileDelivery: Sendable, Equatable {
    /// It is to be brought, or being brought, since a moment in milliseconds since 1970-01-01 UTC.
    case waiting(milliseconds: Int64)
    /// It stands there, since a moment.
    case placed(StoredPlace, milliseconds: Int64)
    /// Somebody has taken it away, or changed it, before it was brought: nobody brings it.
    case abandoned(milliseconds: Int64)
}
