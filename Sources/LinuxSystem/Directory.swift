internal import CEpollShim

/// An open directory; names given to it are resolved below it. `openat(2)` and its kin
///
/// It stays the same directory when somebody renames it. Everything here may wait for the disk. Errors that a caller
/// may want to tell apart: ENOENT (nothing of that name), EEXIST, ENOTDIR and EISDIR (something else of that name),
/// ELOOP (a symbolic link), ENOSPC and EDQUOT, EROFS, EACCES, EMFILE and ENFILE; EIO is the disk's.
public struct Directory: ~Copyable, Sendable {
    /// Closed with this value.
    public let descriptor: FileDescriptor

    /// Opens an existing directory by path.
    public init(path: String) throws(Errno) {
        descriptor = FileDescriptor(
            owning: try checked { cshim_openat(AT_FDCWD, path, O_RDONLY | Int32(O_DIRECTORY), 0) })
    }

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Makes the directory at `path` (mode 0750) with all its missing parents, then opens it. `mkdir(2)`
    ///
    /// - Parameter mode: permissions of those that are made, before the process's mask.
    public static func created(path: String, mode: UInt32 = 0o750) throws(Errno) -> Directory {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += (prefix.isEmpty || prefix.hasSuffix("/") ? "" : "/") + part
            do throws(Errno) {
                try checked { cshim_mkdirat(AT_FDCWD, prefix, mode) }
            } catch {
                guard error == .exists else { throw error }
            }
        }
        return try Directory(path: path)
    }

    /// Opens the directory `name` below this one.
    public func directory(_ name: String) throws(Errno) -> Directory {
        let flags = O_RDONLY | Int32(O_DIRECTORY) | Int32(O_NOFOLLOW)
        return Directory(FileDescriptor(owning: try checked { cshim_openat(descriptor.rawValue, name, flags, 0) }))
    }

    /// Makes the directory `name` (mode 0750). Answers false where it was there already. `mkdirat(2)`
    @discardableResult
    public func makeDirectory(_ name: String) throws(Errno) -> Bool {
        do throws(Errno) {
            try checked { cshim_mkdirat(descriptor.rawValue, name, 0o750) }
            return true
        } catch {
            guard error == .exists else { throw error }
            return false
        }
    }

    /// Gives `name` (or `.`, the directory itself) other permission bits, another group, or both; nil leaves as it is.
    /// `fchmodat(2)`, `fchownat(2)`
    ///
    /// - Throws: EPERM where it is somebody else's, or the process is no member of the group.
    public func setAccess(_ name: String, mode: UInt32?, group: UInt32?) throws(Errno) {
        // In this order: a change of the group may take bits away.
        if let group { try checked { cshim_set_group_at(descriptor.rawValue, name, group) } }
        if let mode { try checked { cshim_fchmodat(descriptor.rawValue, name, mode) } }
    }

    /// Opens the file `name`; one that is created gets `mode`. `openat(2)`
    ///
    /// It never waits for the other end of a pipe that somebody has put there: `File.size` tells what is no file, and
    /// reads and writes at an offset fail there.
    public func open(_ name: String, _ options: File.Options, mode: UInt32 = 0o640) throws(Errno) -> File {
        let flags = options.union(.nonBlocking).rawValue
        return File(FileDescriptor(owning: try checked { cshim_openat(descriptor.rawValue, name, flags, mode) }))
    }

    /// The size in bytes of the regular file `name`, nil where there is none. `fstatat(2)`
    public func fileSize(_ name: String) throws(Errno) -> Int64? {
        guard let info = try status(of: name) else { return nil }
        return info.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) ? Int64(info.st_size) : nil
    }

    /// The number of the file `name` on its file system, nil where there is no such entry. `fstatat(2)`
    public func fileNumber(_ name: String) throws(Errno) -> UInt64? {
        try status(of: name).map { UInt64(truncatingIfNeeded: $0.st_ino) }
    }

    /// When `name` was last written, in nanoseconds since 1970; nil where there is no such entry. `fstatat(2)`
    public func modificationNanoseconds(_ name: String) throws(Errno) -> Int64? {
        try status(of: name)?.st_mtim.nanoseconds
    }

    private func status(of name: String) throws(Errno) -> stat? {
        var info = stat()
        do throws(Errno) {
            try checked { cshim_fstatat(descriptor.rawValue, name, &info) }
        } catch {
            guard error == .noEntry else { throw error }
            return nil
        }
        return info
    }

    /// Removes the file `name`. Answers false where there was none. `unlinkat(2)`
    @discardableResult
    public func removeFile(_ name: String) throws(Errno) -> Bool { try remove(name, isDirectory: false) }

    /// Removes the empty directory `name`. Answers false where there was none. `unlinkat(2)` AT_REMOVEDIR
    @discardableResult
    public func removeDirectory(_ name: String) throws(Errno) -> Bool { try remove(name, isDirectory: true) }

    /// Moves `name` to `target` in another directory of the same file system, replacing what is there, atomically.
    /// `renameat(2)`
    public func rename(_ name: String, to directory: borrowing Directory, _ target: String) throws(Errno) {
        let other = directory.descriptor.rawValue
        try checked { cshim_renameat(descriptor.rawValue, name, other, target) }
    }

    /// The same for a name that nobody has yet. `renameat2(2)` RENAME_NOREPLACE
    ///
    /// - Throws: `exists` where something has it. A file system that cannot look and move in one step does so in two.
    public func renameNew(_ name: String, to directory: borrowing Directory, _ target: String) throws(Errno) {
        let other = directory.descriptor.rawValue
        do throws(Errno) {
            try checked { cshim_renameat_new(descriptor.rawValue, name, other, target) }
        } catch {
            guard error == .invalidArgument || error == .notImplemented else { throw error }
            if try directory.status(target) != nil { throw .exists }
            try rename(name, to: directory, target)
        }
    }

    /// Gives the file `name` another name, in another directory of the same file system. `linkat(2)`
    ///
    /// - Throws: EXDEV where that is another one, EPERM where the file is somebody else's (or its file system has no
    ///   links), EMLINK, EEXIST.
    public func link(_ name: String, to directory: borrowing Directory, _ target: String) throws(Errno) {
        try checked { cshim_linkat(descriptor.rawValue, name, directory.descriptor.rawValue, target) }
    }

    /// What the system knows of the entry `name`, of a symbolic link itself; nil where there is none. `fstatat(2)`
    public func status(_ name: String) throws(Errno) -> FileStatus? { try status(of: name).map(FileStatus.init) }

    /// Waits until the directory's entries are on stable storage. `fsync(2)`
    public func sync() throws(Errno) { try checked { cshim_fsync(descriptor.rawValue) } }

    /// Waits until everything that was written to the directory's file system is on stable storage, data and names.
    /// `syncfs(2)`
    ///
    /// - Throws: also for a failure since the directory was opened that no other call has reported.
    public func syncFileSystem() throws(Errno) { try checked { cshim_syncfs(descriptor.rawValue) } }

    /// Whether `syncFileSystem` is known to do what it says: not every file system in user space hears of it, and
    /// before Linux 5.8 it tells of no failure. `fstatfs(2)`
    public var syncsFileSystem: Bool {
        guard let kernel = KernelVersion.current, kernel >= KernelVersion(5, 8) else { return false }
        switch cshim_file_system_kind(descriptor.rawValue) {
        // ext4, XFS, btrfs, f2fs, tmpfs: linux/magic.h
        case 0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994: return true
        default: return false
        }
    }

    /// The number of the mount that the directory is on, which no other one has in this boot; nil where the kernel does
    /// not tell, before Linux 6.8. `statx(2)`
    public var mountNumber: UInt64? {
        let number = cshim_mount_number(descriptor.rawValue)
        return number == 0 ? nil : number
    }

    /// Takes the directory's exclusive lock, which the kernel frees when the process ends. Answers false where another
    /// process (or another value in this one) holds it. `flock(2)`
    public func lock() throws(Errno) -> Bool {
        do throws(Errno) {
            try checked { cshim_lock_exclusive(descriptor.rawValue) }
            return true
        } catch {
            guard error == .again else { throw error }
            return false
        }
    }

    /// What a user without privileges may still write to the file system. `fstatvfs(3)`
    public func space() throws(Errno) -> DiskSpace {
        var info = statvfs()
        try checked { cshim_fstatvfs(descriptor.rawValue, &info) }
        func bytes(_ blocks: Int64) -> Int64 {
            let (bytes, overflow) = blocks.multipliedReportingOverflow(by: Int64(clamping: info.f_frsize))
            return overflow ? .max : bytes
        }
        let (all, available) = (Int64(clamping: info.f_blocks), Int64(clamping: info.f_bavail))
        // File systems without a fixed number of inodes say that they have none at all.
        let files = info.f_files == 0 ? Int64.max : Int64(clamping: info.f_favail)
        // What is kept for privileged users is free, and nobody else's.
        let kept = max(0, Int64(clamping: info.f_bfree) - available)
        return DiskSpace(bytes: bytes(available), files: files, size: bytes(max(0, all - kept)))
    }

    /// The bytes of `space`.
    public func freeBytes() throws(Errno) -> Int64 { try space().bytes }

    /// Hands every name but "." and ".." to `body`, in no order, until it answers false. `readdir(3)`
    public func forEachName(_ body: (String) -> Bool) throws(Errno) {
        var opened: OpaquePointer?
        try checked { cshim_directory_open(descriptor.rawValue, &opened) }
        guard let stream = opened else { throw .noMemory }
        defer { cshim_directory_close(stream) }
        var name: UnsafePointer<CChar>?
        while try checked({ cshim_directory_next(stream, &name) }) > 0 {
            let text = String(cString: name!)
            if text == "." || text == ".." { continue }
            if !body(text) { return }
        }
    }

    /// Whether `renameat(2)` may move an entry of this directory to the other one: both are on one file system, reached
    /// by one mount.
    public func canMove(to other: borrowing Directory) throws(Errno) -> Bool {
        var (here, there) = (stat(), stat())
        try checked { cshim_fstat(descriptor.rawValue, &here) }
        try checked { cshim_fstat(other.descriptor.rawValue, &there) }
        if here.st_dev != there.st_dev { return false }
        // Two mounts of one file system are told apart before the name is looked up, which nothing has.
        let name = ".sluice-no-such-entry"
        do throws(Errno) { try rename(name, to: other, name) } catch { return error != .crossDevice }
        return true
    }

    private func remove(_ name: String, isDirectory: Bool) throws(Errno) -> Bool {
        do throws(Errno) {
            try checked { cshim_unlinkat(descriptor.rawValue, name, isDirectory ? 1 : 0) }
            return true
        } catch {
            guard error == .noEntry else { throw error }
            return false
        }
    }
}
