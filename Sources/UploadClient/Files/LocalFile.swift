internal import HTTPClient
internal import LinuxSystem

/// The file to be sent, open, as it was when the upload began.
///
/// It is read on the loop's own thread: a client has nothing better to do than to wait for its own file, and whatever
/// is sent often lies in the page cache.
final class LocalFile: Sendable, SeekableBytes {
    /// Absolute and without symbolic links, so that the state of an upload is found from any directory.
    let path: FilePath
    /// What it is called at the server.
    let name: UploadName
    /// As it was when it was opened.
    let status: FileStatus
    private let file: File

    /// In bytes.
    var size: Int64 { status.size }

    init(path: FilePath, name: UploadName) throws(UploadFailure) {
        self.name = name
        do throws(Errno) {
            // A pipe is not waited for.
            file = try File(path: path, [.readOnly, .nonBlocking])
            status = try file.status()
            self.path = try path.resolved()
        } catch {
            throw UploadFailure(.local, "\(error)")
        }
        guard status.kind == .regular else { throw UploadFailure(.local, "not a regular file") }
    }

    convenience init(path: String) throws(UploadFailure) {
        try self.init(path: FilePath(path), name: UploadName(FilePath(path).name))
    }

    func bytes(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) throws(AttemptError) {
        let moved: Int
        do throws(Errno) {
            moved = try file.read(into: memory, count: count, at: offset)
        } catch {
            throw .local("cannot be read: \(error)")
        }
        if moved != count { throw LocalFile.changed }
    }

    /// What tells this state of the file from any other one, without reading it. The time of the last change of any
    /// kind is the kernel's own: a program that writes and then puts the old times back cannot put that one back.
    var stamp: String {
        "\(status.device) \(status.number) \(status.size) \(status.modifiedNanoseconds) \(status.changedNanoseconds)"
    }

    /// - Throws: where the file is no longer the one that the upload began with; the bytes at the server are a mixture.
    func checkUnchanged() throws(AttemptError) {
        guard let now = try? file.status(), now.size == status.size,
            now.modifiedNanoseconds == status.modifiedNanoseconds, now.changedNanoseconds == status.changedNanoseconds
        else { throw LocalFile.changed }
    }

    private static var changed: AttemptError {
        .final(UploadFailure(.changed, "changed while it was being sent; send it again"))
    }
}
