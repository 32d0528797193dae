/// A delivered file. It outlives a restart of its upload, until the new attempt is whole and takes its place.
public struct FinishedFile: Equatable, Sendable {
    /// The clean name it stands under.
    public let name: CleanName
    /// Size in bytes.
    public let length: Int64
    /// When it was delivered, in seconds since 1970-01-01 UTC.
    public let finishedSeconds: Int64

    public init(name: CleanName, length: Int64, finishedSeconds: Int64) {
        self.name = name
        self.length = length
        self.finishedSeconds = finishedSeconds
    }
}
