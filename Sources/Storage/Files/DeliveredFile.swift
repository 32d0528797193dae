internal import LinuxSystem

/// A stored file, open for reading. It is an object because several reads may share it.
final class DeliveredFile: Sendable {
    let file: File
    /// As it was when it was opened.
    private let status: FileStatus

    /// As it was then, to be compared.
    var state: DeliveredState { DeliveredState(status: status) }
    /// Bytes.
    var size: Int64 { status.size }
    /// When it was last written, in nanoseconds since 1970.
    var modifiedNanoseconds: Int64 { status.modifiedNanoseconds }

    /// - Throws: `notRegular` for what is no regular file.
    init(_ file: consuming File) throws(Errno) {
        status = try file.status()
        guard status.kind == .regular else { throw .notRegular }
        self.file = file
    }

    /// Whether a name leads to this very file.
    func isSame(_ found: FileStatus) -> Bool { (found.device, found.number) == (status.device, status.number) }

    /// Whether nobody has written to it since.
    func isUnchanged() throws(Errno) -> Bool {
        let now = try file.status()
        return (now.size, now.modifiedNanoseconds) == (status.size, status.modifiedNanoseconds)
    }
}
