internal import CEpollShim

/// A system call's error number, as `errno` held it.
///
/// The shims return it negated, so it never passes through the thread's `errno` on the Swift side.
public struct Errno: Error, RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number, always positive.
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// What `strerror(3)` says, for logs and messages.
    public var description: String {
        if self == .notRegular { return "Not a regular file" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
            cshim_error_text(rawValue, text.baseAddress, text.count)
            return String(cString: text.baseAddress!)
        }
    }

    public static let accessDenied = Errno(rawValue: EACCES)
    public static let again = Errno(rawValue: EAGAIN)
    public static let addressFamilyUnsupported = Errno(rawValue: EAFNOSUPPORT)
    public static let addressNotAvailable = Errno(rawValue: EADDRNOTAVAIL)
    public static let badDescriptor = Errno(rawValue: EBADF)
    public static let brokenPipe = Errno(rawValue: EPIPE)
    public static let connectionAborted = Errno(rawValue: ECONNABORTED)
    public static let connectionReset = Errno(rawValue: ECONNRESET)
    /// EXDEV
    public static let crossDevice = Errno(rawValue: EXDEV)
    public static let exists = Errno(rawValue: EEXIST)
    /// EFBIG: beyond the longest file that the file system, or a limit of the process, allows.
    public static let fileTooLarge = Errno(rawValue: EFBIG)
    public static let inProgress = Errno(rawValue: EINPROGRESS)
    public static let interrupted = Errno(rawValue: EINTR)
    public static let invalidArgument = Errno(rawValue: EINVAL)
    public static let io = Errno(rawValue: EIO)
    public static let isDirectory = Errno(rawValue: EISDIR)
    /// ELOOP: also a symbolic link where none is followed.
    public static let loop = Errno(rawValue: ELOOP)
    public static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    public static let networkUnreachable = Errno(rawValue: ENETUNREACH)
    public static let noEntry = Errno(rawValue: ENOENT)
    public static let noMemory = Errno(rawValue: ENOMEM)
    public static let noSpace = Errno(rawValue: ENOSPC)
    public static let notDirectory = Errno(rawValue: ENOTDIR)
    public static let notEmpty = Errno(rawValue: ENOTEMPTY)
    /// There is a pipe, a socket or a device where a regular file is expected. No system call says so; the number lies
    /// beyond theirs.
    public static let notImplemented = Errno(rawValue: ENOSYS)
    public static let notPermitted = Errno(rawValue: EPERM)
    public static let notRegular = Errno(rawValue: 4096)
    public static let notSupported = Errno(rawValue: EOPNOTSUPP)
    public static let noDeviceOrAddress = Errno(rawValue: ENXIO)
    public static let quotaExceeded = Errno(rawValue: EDQUOT)
    public static let stale = Errno(rawValue: ESTALE)
    public static let timedOut = Errno(rawValue: ETIMEDOUT)
}

/// Throws what a shim returned if it is a negated errno, and retries while it is EINTR.
@inline(__always)
func checked(_ call: () -> Int) throws(Errno) -> Int {
    while true {
        let result = call()
        if result >= 0 { return result }
        let errno = Errno(rawValue: Int32(truncatingIfNeeded: -result))
        if errno != .interrupted { throw errno }
    }
}

@inline(__always)
@discardableResult
func checked(_ call: () -> Int32) throws(Errno) -> Int32 {
    while true {
        let result = call()
        if result >= 0 { return result }
        let errno = Errno(rawValue: -result)
        if errno != .interrupted { throw errno }
    }
}
