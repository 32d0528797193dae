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
        modifiedNanoseconds = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
        changedNanoseconds = Int64(info.st_ctim.tv_sec) * 1_000_000_000 + Int64(info.st_ctim.tv_nsec)
    }
}
