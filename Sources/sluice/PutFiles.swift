import LinuxSystem
import UploadClient

/// What the words of `sluice put` lead to: files, folders, standard input.
struct PutFiles {
    /// What is to be sent, in the order of the words; the files of a folder in that of their names.
    private(set) var items: [UploadItem] = []
    /// What was passed by in folders, for a person; nothing is wrong with it.
    private(set) var notes: [String] = []
    /// What could not be looked at in folders.
    private(set) var complaints: [String] = []

    /// Why a word leads to nothing that can be sent.
    struct Problem: Error {
        let description: String
    }

    /// - Parameters:
    ///   - words: paths as bytes, `-` for standard input.
    ///   - name: what the one file is to be called at the server.
    init(_ words: [[UInt8]], name: [UInt8]?, followingLinks: Bool) throws(Problem) {
        for word in words {
            if word == Array("-".utf8) {
                let name = name ?? Array("standard-input".utf8)
                items.append(UploadItem(standardInputNamed: UploadName(name)))
                continue
            }
            let path = FilePath(word)
            let isFolder: Bool
            do throws(Errno) {
                isFolder = try PutFiles.isFolder(path)
            } catch {
                throw Problem(description: "\(TerminalText.printable("\(path)")): \(PutFiles.text(error))")
            }
            if isFolder {
                if name != nil { throw Problem(description: "--name is for one file, and \(path) is a folder") }
                var walk = FileWalk(followingLinks: followingLinks)
                walk.add(folder: path)
                items += walk.items
                notes += walk.notes
                complaints += walk.complaints
            } else {
                items.append(UploadItem(path: path, name: name.map { UploadName($0) }))
            }
        }
    }

    /// - Throws: where it is neither a folder nor a file that can be read.
    private static func isFolder(_ path: FilePath) throws(Errno) -> Bool {
        switch try FileStatus(of: path).kind {
        case .directory:
            _ = try Directory(path: path)
            return true
        case .regular:
            _ = try File(path: path, [.readOnly, .nonBlocking])
            return false
        case .symbolicLink, .other: throw .invalidArgument
        }
    }

    private static func text(_ error: Errno) -> String {
        switch error {
        case .noEntry: "no such file"
        case .invalidArgument: "not a regular file (a pipe can be sent as '-', from standard input)"
        default: "cannot be read: \(error)"
        }
    }
}
