internal import LinuxSystem
internal import Uploads

extension StoreFiles {
    /// Where a repair puts bytes that no record vouches for.
    static let lostName = "lost"

    /// The names of all entries of `uploads/`.
    func dataNames() throws(StorageError) -> [String] {
        try doing("list the data files") { () throws(Errno) in try names(in: uploads) }
    }

    /// The names of all entries of `complete/`.
    func deliveredNames() throws(StorageError) -> [String] {
        try doing("list the finished files") { () throws(Errno) in try names(in: complete) }
    }

    private func names(in directory: borrowing Directory) throws(Errno) -> [String] {
        var names: [String] = []
        try directory.forEachName { name in
            names.append(name)
            return true
        }
        return names
    }

    /// The only file that was delivered for an upload, with its length in bytes and when it was written, in seconds
    /// since 1970; nil where there is none or more than one.
    func onlyDelivered(
        _ id: UploadID
    ) throws(StorageError) -> (name: CleanName, length: Int64, seconds: Int64)? {
        try doing("look at the files of upload \(id)") { () throws(Errno) in
            let directory: Directory
            do throws(Errno) { directory = try complete.directory(id.description) } catch {
                guard error == .notDirectory else { throw error }
                return nil
            }
            var names: [String] = []
            try directory.forEachName { name in
                names.append(name)
                return names.count < 2
            }
            guard names.count == 1, CleanName(names[0]).description == names[0],
                let length = try directory.fileSize(names[0]),
                let nanoseconds = try directory.modificationNanoseconds(names[0])
            else { return nil }
            return (CleanName(names[0]), length, nanoseconds / 1_000_000_000)
        }
    }

    /// The names in the directory of a finished upload that are not its file's.
    func strangers(_ id: UploadID, beside name: CleanName) throws(StorageError) -> [String] {
        try doing("list \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            try names(in: complete.directory(id.description)).filter { $0 != name.description }
        }
    }

    /// Moves a data file to `lost/`, beside what is there already, and syncs both directories. Answers where it is now.
    func setAside(_ id: UploadID) throws(StorageError) -> String {
        try doing("move \(dataPath(id)) to \(StoreFiles.lostName)") { () throws(Errno) in
            try root.makeDirectory(StoreFiles.lostName)
            let lost = try root.directory(StoreFiles.lostName)
            var name = id.description
            var number = 1
            while try lost.modificationNanoseconds(name) != nil {
                number += 1
                name = "\(id).\(number)"
            }
            try uploads.rename(id.description, to: lost, name)
            try lost.sync()
            try uploads.sync()
            try root.sync()
            return "\(StoreFiles.lostName)/\(name)"
        }
    }
}
