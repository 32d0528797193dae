/// An event that a target was not told of after all attempts.
public struct GivenUpEvent: Sendable {
    /// As it was to be told.
    public let event: UploadEvent
    /// The target's number in the catalogue.
    public let target: Int64
    /// When it was given up, in milliseconds since 1970-01-01 UTC.
    public let milliseconds: Int64
    /// Why the target did not take it the last time, on one line.
    public let reason: String?
    /// Its place in the order in which they were given up.
    public let number: Int64
}

/// One step through them, the oldest first.
struct GivenUpRequest: Sendable {
    /// Behind which number.
    let after: Int64
    let limit: Int
}
