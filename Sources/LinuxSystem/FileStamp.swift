internal import CEpollShim

/// What tells one state of a file from another one without reading it: which file the path leads to (through symbolic
/// links), and when it last changed. `stat(2)`
public struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let number: UInt64
    private let size: Int64
    private let modifiedNanoseconds: Int64
    private let changedNanoseconds: Int64

    /// Nil where the path leads nowhere at this moment. Blocks as long as the file system does.
    public init?(path: String) {
        var info = stat()
        guard cshim_stat(path, &info) == 0 else { return nil }
        device = UInt64(info.st_dev)
        number = UInt64(info.st_ino)
        size = Int64(info.st_size)
        modifiedNanoseconds = info.st_mtim.nanoseconds
        changedNanoseconds = info.st_ctim.nanoseconds
    }
}
