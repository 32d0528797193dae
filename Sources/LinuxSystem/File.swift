internal import CEpollShim

/// An open regular file. From any thread, since every call names its offset; all of them may wait for the disk.
///
/// Errors that a caller may want to tell apart: ENOSPC and EDQUOT (what was written before stands), EFBIG (the file
/// system's or the process's bound), EINVAL of a direct write that is not aligned; EIO is the disk's.
public struct File: ~Copyable, Sendable {
    /// Closed with this value.
    public let descriptor: FileDescriptor

    public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// How a file is opened. `openat(2)`
    public struct Options: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        public static let readOnly = Options(rawValue: O_RDONLY)
        public static let writeOnly = Options(rawValue: O_WRONLY)
        public static let readWrite = Options(rawValue: O_RDWR)
        public static let create = Options(rawValue: O_CREAT)
        public static let exclusive = Options(rawValue: O_EXCL)
        public static let truncate = Options(rawValue: O_TRUNC)
        public static let noFollow = Options(rawValue: Int32(O_NOFOLLOW))
        /// Opening never waits, for a writer of a pipe say; without effect on regular files.
        public static let nonBlocking = Options(rawValue: O_NONBLOCK)
        /// Past the page cache: addresses, offsets and lengths in multiples of `AlignedBuffer.alignment`.
        public static let direct = Options(rawValue: cshim_o_direct())
    }

    /// The size in bytes. `fstat(2)`
    ///
    /// - Throws: `notRegular` for what is no regular file, and so has no size.
    public func size() throws(Errno) -> Int64 {
        var info = stat()
        try checked { cshim_fstat(descriptor.rawValue, &info) }
        guard info.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) else { throw .notRegular }
        return Int64(info.st_size)
    }

    /// The bytes for which the file has blocks, those reserved beyond its end included. `fstat(2)`
    public func allocatedBytes() throws(Errno) -> Int64 {
        var info = stat()
        try checked { cshim_fstat(descriptor.rawValue, &info) }
        return Int64(info.st_blocks) * 512
    }

    /// Whether this is a regular file: one with a size, and bytes that can be read again. `fstat(2)`
    public func isRegular() throws(Errno) -> Bool {
        var info = stat()
        try checked { cshim_fstat(descriptor.rawValue, &info) }
        return info.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG)
    }

    /// Writes all `count` bytes at `offset`, going on after short writes. `pwrite(2)`
    ///
    /// - Throws: after a failure some of the bytes may be written; which ones is not known.
    public func write(_ memory: UnsafeRawPointer, count: Int, at offset: Int64) throws(Errno) {
        var done = 0
        while done < count {
            let moved = try checked {
                cshim_pwrite(descriptor.rawValue, memory + done, count - done, offset + Int64(done))
            }
            guard moved > 0 else { throw .io }
            done += moved
        }
    }

    /// Writes pieces of memory one behind the other at `offset`, at most 1,024 of them, in one call; a short write is
    /// an error. `pwritev(2)`
    public func write(gathering pieces: [UnsafeRawBufferPointer], at offset: Int64) throws(Errno) {
        let vectors = pieces.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        let moved = try checked { cshim_pwritev(descriptor.rawValue, vectors, Int32(vectors.count), offset) }
        guard moved == pieces.reduce(0, { $0 + $1.count }) else { throw .io }
    }

    /// Reads up to `count` bytes at `offset`; fewer only at the end of the file. `pread(2)`
    ///
    /// - Parameter least: so many are enough, where more than the file has are asked for because direct I/O reads whole
    ///   blocks; nil for all of them.
    public func read(
        into memory: UnsafeMutableRawPointer, count: Int, least: Int? = nil, at offset: Int64
    ) throws(Errno) -> Int {
        var done = 0
        while done < least ?? count {
            let moved = try checked {
                cshim_pread(descriptor.rawValue, memory + done, count - done, offset + Int64(done))
            }
            if moved == 0 { break }
            done += moved
        }
        return done
    }

    /// Has it be as old as something else. `futimens(2)`
    ///
    /// - Parameter nanoseconds: since 1970, 0 or more.
    public func setModified(nanoseconds: Int64) throws(Errno) {
        try checked { cshim_set_modified(descriptor.rawValue, nanoseconds) }
    }

    /// Waits until the data, and what is needed to read it back, is on stable storage. `fdatasync(2)`
    ///
    /// - Throws: after a failure what was written since the last sync may be lost, and the next call may succeed all
    ///   the same: the kernel reports it once.
    public func syncData() throws(Errno) { try checked { cshim_fdatasync(descriptor.rawValue) } }

    /// Waits until the data and all of the metadata are on stable storage. `fsync(2)`
    public func sync() throws(Errno) { try checked { cshim_fsync(descriptor.rawValue) } }

    /// Has the page cache forget what is on the disk of the file, so that the next read tells what is really there.
    /// What waits to be written stays. `posix_fadvise(2)` POSIX_FADV_DONTNEED
    public func dropCached() throws(Errno) { try checked { cshim_drop_cached(descriptor.rawValue) } }

    /// Cuts (or extends with zeros) the file. `ftruncate(2)`
    public func truncate(to length: Int64) throws(Errno) {
        try checked { cshim_ftruncate(descriptor.rawValue, length) }
    }

    /// Makes the first `length` bytes of `source` appear at `offset` here without copying: both files share the blocks.
    /// `ioctl_ficlonerange(2)`
    public func clone(_ source: borrowing File, length: Int64, at offset: Int64) throws(Errno) -> Cloning {
        let (from, to) = (source.descriptor.rawValue, descriptor.rawValue)
        do throws(Errno) {
            try checked { cshim_clone_range(from, 0, length, to, offset) }
            return .done
        } catch {
            switch error.rawValue {
            case EINVAL: return .unaligned
            case EOPNOTSUPP, ENOTTY, EXDEV, ENOSYS: return .unsupported
            default: throw error
            }
        }
    }

    /// What became of a wish to share blocks.
    public enum Cloning: Sendable {
        case done
        /// Not this range: both ends must lie on blocks, but for the end of the source.
        case unaligned
        /// The file system cannot do that at all.
        case unsupported
    }

    /// Reserves blocks for a range without moving the end of the file. `fallocate(2)` FALLOC_FL_KEEP_SIZE
    public func reserve(offset: Int64, length: Int64) throws(Errno) {
        try checked { cshim_reserve(descriptor.rawValue, offset, length) }
    }
}
