public import LinuxSystem

/// Finds the files of folders: all of them, hidden ones too, in the order of their names' bytes. Blocks while it looks.
///
/// Symbolic links in a folder are passed by unless they are to be followed: they may lead out of the folder, to files
/// that nobody meant. What was named by itself is followed always. Pipes, sockets and devices are passed by.
public struct FileWalk {
    /// What was found, in order.
    public private(set) var items: [UploadItem] = []
    /// What was passed by, and why, for a person. Nothing is wrong with these.
    public private(set) var notes: [String] = []
    /// What could not be looked at, and why.
    public private(set) var complaints: [String] = []
    private let followsLinks: Bool
    /// The directories on the way from the top to here: a link to one of them would lead round and round.
    private var ancestors: [(device: UInt64, number: UInt64)] = []

    /// - Parameter followsLinks: whether symbolic links in folders are what they lead to.
    public init(followingLinks followsLinks: Bool) { self.followsLinks = followsLinks }

    /// Adds the files of a folder, and of those in it. Their relative paths begin with the folder's name.
    public mutating func add(folder: FilePath) {
        // `.` and `..` have no name of their own.
        let name = ["", ".", ".."].contains("\(FilePath(folder.name))") ? (try? folder.resolved())?.name : folder.name
        let before = items.count
        do throws(Errno) {
            try enter(folder, FilePath(name ?? []), FileStatus(of: folder))
        } catch {
            complain(folder, "\(error)")
        }
        if items.count == before { note(folder, "no files in it") }
    }

    private mutating func enter(
        _ folder: FilePath, _ relative: FilePath, _ status: FileStatus
    ) throws(Errno) {
        guard !ancestors.contains(where: { $0 == (status.device, status.number) }) else {
            return note(folder, "passed by: a link to a folder that it lies in")
        }
        guard ancestors.count < ClientLimits.folderDepthMax else { return complain(folder, "too deep") }
        // Opened and closed before the folders in it are, so that depth costs no descriptors.
        let names = try Directory(path: folder).names().sorted { $0.lexicographicallyPrecedes($1) }
        ancestors.append((status.device, status.number))
        for name in names {
            let path = folder.appending(name)
            do throws(Errno) {
                try look(at: path, relative.appending(name), name)
            } catch {
                complain(path, "\(error)")
            }
        }
        ancestors.removeLast()
    }

    private mutating func look(at path: FilePath, _ relative: FilePath, _ name: [UInt8]) throws(Errno) {
        let status = try FileStatus(of: path, followingLinks: followsLinks)
        switch status.kind {
        case .regular:
            items.append(
                UploadItem(path: path, name: UploadName(name, relativePath: relative), isFromFolder: true))
        case .directory: try enter(path, relative, status)
        case .symbolicLink: note(path, "passed by: a symbolic link (see --follow-links)")
        case .other: note(path, "passed by: not a regular file")
        }
    }

    private mutating func note(_ path: FilePath, _ text: String) {
        notes.append("\(TerminalText.printable("\(path)")): \(text)")
    }

    private mutating func complain(_ path: FilePath, _ text: String) {
        complaints.append("\(TerminalText.printable("\(path)")): \(text)")
    }
}
