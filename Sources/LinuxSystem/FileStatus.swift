internal import CEpollShim

/// What the system knows of a file without reading it. `stat(2)`
public struct FileStatus: Hashable, Sendable {
    /// What kind of thing a path leads to.
    public enum Kind: Hashable, Sendable {
        case regular
        case directory
        case symbolicLink
        /// A pipe, a socket, a device.
        case other
    }

    /// What it is.
    public let kind: Kind
    /// The file system it is on.
    public let device: UInt64
    /// Its number there.
    public let number: UInt64
    /// Bytes.
    public let size: Int64
    /// When its content was last changed, as far as its owner tells (anybody may set that); nanoseconds since 1970.
    public let modifiedNanoseconds: Int64
    /// When it was last changed in any way; the kernel's own, nobody sets it. Nanoseconds since 1970.
    public let changedNanoseconds: Int64

    /// Whether who is neither its owner nor of its group may read it, as far as its mode says.
    public let isReadableByAll: Bool

    /// - Parameter followingLinks: whether a symbolic link at the end of the path is what it leads to.
    public init(of path: FilePath, followingLinks: Bool = true) throws(Errno) {
        var info = stat()
        try checked {
            path.withSystemPath {
                followingLinks
                    ? cshim_fstatat_following(AT_FDCWD, $0, &info) : cshim_fstatat(AT_FDCWD, $0, &info)
            }
        }
        self.init(info)
    }

    init(_ info: stat) {
        kind =
            switch info.st_mode & UInt32(S_IFMT) {
            case UInt32(S_IFREG): .regular
            case UInt32(S_IFDIR): .directory
            case UInt32(S_IFLNK): .symbolicLink
            default: .other
            }
        (device, number, size) = (UInt64(info.st_dev), UInt64(info.st_ino), Int64(info.st_size))
        modifiedNanoseconds = info.st_mtim.nanoseconds
        changedNanoseconds = info.st_ctim.nanoseconds
        isReadableByAll = info.st_mode & 0o004 != 0
    }
}

extension File {
    /// Opens a file by its path. `open(2)`
    public init(path: FilePath, _ options: Options) throws(Errno) {
        let number = try checked { path.withSystemPath { cshim_openat(AT_FDCWD, $0, options.rawValue, 0o640) } }
        self.init(FileDescriptor(owning: number))
    }

    /// What the system knows of it now. `fstat(2)`
    public func status() throws(Errno) -> FileStatus {
        var info = stat()
        try checked { cshim_fstat(descriptor.rawValue, &info) }
        return FileStatus(info)
    }
}

extension Directory {
    /// Opens an existing directory by path.
    public init(path: FilePath) throws(Errno) {
        let flags = O_RDONLY | Int32(O_DIRECTORY)
        self.init(FileDescriptor(owning: try checked { path.withSystemPath { cshim_openat(AT_FDCWD, $0, flags, 0) } }))
    }

    /// The names of all entries but "." and "..", as bytes, in no order. `readdir(3)`
    public func names() throws(Errno) -> [[UInt8]] {
        var opened: OpaquePointer?
        try checked { cshim_directory_open(descriptor.rawValue, &opened) }
        guard let stream = opened else { throw .noMemory }
        defer { cshim_directory_close(stream) }
        var names: [[UInt8]] = []
        var name: UnsafePointer<CChar>?
        while try checked({ cshim_directory_next(stream, &name) }) > 0, let name {
            let bytes = UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }
            if bytes != Array(".".utf8), bytes != Array("..".utf8) { names.append(bytes) }
        }
        return names
    }
}
