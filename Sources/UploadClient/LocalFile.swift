internal import LinuxSystem

/// The file to be sent, open, as it was when the upload began.
///
/// It is read on the loop's own thread: a client has nothing better to do than to wait for its own file, and whatever
/// is sent often lies in the page cache.
final class LocalFile: Sendable {
    /// Absolute.
    let path: String
    /// The last segment of the path.
    let name: String
    /// In bytes.
    let size: Int64
    /// In nanoseconds since 1970.
    let modifiedNanoseconds: Int64
    private let file: File

    /// - Parameter path: absolute, so that the state of an upload is found from any directory.
    init(path: String) throws(UploadFailure) {
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/"), path.index(after: slash) < path.endIndex else {
            throw UploadFailure(.local, "not the path of a file")
        }
        self.path = path
        name = String(path[path.index(after: slash)...])
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        do throws(Errno) {
            file = try Directory(path: folder).open(name, [.readOnly, .nonBlocking])
            guard try file.isRegular() else { throw Errno.invalidArgument }
            size = try file.size()
            modifiedNanoseconds = try file.modificationNanoseconds()
        } catch {
            throw UploadFailure(.local, error == .invalidArgument ? "not a regular file" : "\(error)")
        }
    }

    /// Fills `memory` with the `count` bytes at `offset`.
    func read(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) throws(AttemptError) {
        let moved: Int
        do throws(Errno) {
            moved = try file.read(into: memory, count: count, at: offset)
        } catch {
            throw .local("cannot be read: \(error)")
        }
        if moved != count { throw LocalFile.changed }
    }

    /// - Throws: where the file is no longer the one that the upload began with; the bytes at the server are a mixture.
    func checkUnchanged() throws(AttemptError) {
        let now = (try? file.size(), try? file.modificationNanoseconds())
        if now != (size, modifiedNanoseconds) { throw LocalFile.changed }
    }

    private static var changed: AttemptError {
        .final(UploadFailure(.changed, "changed while it was being sent; send it again"))
    }
}
