/// Small regular files as a whole: configuration, keys.
public enum FileContent {
    /// All bytes of a file. Blocks as long as the file system does.
    ///
    /// - Parameters:
    ///   - countMax: a longer one is refused.
    ///   - followingLinks: whether a symbolic link at the end of the path is what it leads to; ELOOP otherwise.
    /// - Throws: `.notRegular` for what is no regular file, `.fileTooLarge`, or what the system says.
    public static func bytes(
        path: FilePath, countMax: Int, followingLinks: Bool = true
    ) throws(Errno) -> [UInt8] {
        let file = try File(
            path: path, followingLinks ? [.readOnly, .nonBlocking] : [.readOnly, .nonBlocking, .noFollow])
        let status = try file.status()
        guard status.kind == .regular else { throw .notRegular }
        var bytes = [UInt8](repeating: 0, count: min(Int(clamping: status.size), countMax) + 1)
        // One byte more than it had: a file that has grown meanwhile is read to its end, or is too long.
        while true {
            let capacity = bytes.count
            let outcome = bytes.withUnsafeMutableBytes { raw in
                Result { () throws(Errno) in try file.read(into: raw.baseAddress!, count: capacity, at: 0) }
            }
            let count = try outcome.get()
            if count > countMax { throw .fileTooLarge }
            if count < capacity { return Array(bytes[..<count]) }
            bytes = [UInt8](repeating: 0, count: min(2 * capacity, countMax + 1))
        }
    }
}
