/// What is left of a file system.
public struct DiskSpace: Hashable, Sendable {
    /// Bytes that may still be written.
    public let bytes: Int64
    /// Files that may still be made; `Int64.max` where the file system does not count them.
    public let files: Int64
    /// Bytes that it holds when it is full, but for what is kept for privileged users.
    public let size: Int64

    public init(bytes: Int64, files: Int64, size: Int64) {
        self.bytes = bytes
        self.files = files
        self.size = size
    }
}
