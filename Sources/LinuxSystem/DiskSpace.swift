/// What is left of a file system.
public struct DiskSpace: Hashable, Sendable {
    /// Bytes that may still be written.
    public let bytes: Int64
    /// Files that may still be made; `Int64.max` where the file system does not count them.
    public let files: Int64

    public init(bytes: Int64, files: Int64) {
        self.bytes = bytes
        self.files = files
    }
}
