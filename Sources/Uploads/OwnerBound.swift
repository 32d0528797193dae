/// One of the bounds of what an owner may have. The word is what clients and the log are told.
public enum OwnerBound: String, Sendable, CaseIterable {
    /// Bytes of all files.
    case bytes = "owner-bytes"
    /// Files.
    case files = "owner-files"
    /// Unfinished uploads.
    case open = "owner-open"

    /// What a client is told: never changes once released.
    public var code: String { rawValue }
}
