public import LinuxSystem

/// A directory of another server's, out of which uploads are taken over. Nothing in it is changed, no link in it is
/// followed, and everything here may wait for the disk.
public struct ForeignFolder: ~Copyable {
    let directory: Directory
    private let path: String

    /// - Throws: `io` where it cannot be opened.
    public init(path: String) throws(StorageError) {
        self.path = path
        directory = try doing("open \(path)") { () throws(Errno) in try Directory(path: path) }
    }

    /// The names of all entries, in the order of their bytes. One that is no text is told with what stands for that,
    /// and so names nothing.
    public func names() throws(StorageError) -> [String] {
        try doing("list \(path)") { () throws(Errno) in try directory.names() }
            .map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    /// What is known of an entry, of a link itself; nil where there is none.
    public func status(_ name: String) throws(StorageError) -> FileStatus? {
        try doing("look at \(path)/\(name)") { () throws(Errno) in try directory.status(name) }
    }

    /// All bytes of a file; nil where it is none, or has more than that many.
    public func read(_ name: String, bytesMax: Int) throws(StorageError) -> [UInt8]? {
        try doing("read \(path)/\(name)") { () throws(Errno) -> [UInt8]? in
            guard try directory.status(name)?.kind == .regular else { return nil }
            let file = try directory.open(name, [.readOnly, .noFollow])
            // One more than there may be: it may grow while it is read.
            var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
            let result: Result<Int, Errno> = bytes.withUnsafeMutableBytes { memory in
                Result { () throws(Errno) in
                    guard let start = memory.baseAddress else { return 0 }
                    return try file.read(into: start, count: memory.count, at: 0)
                }
            }
            let count = try result.get()
            return count > bytesMax ? nil : Array(bytes[..<count])
        }
    }
}
