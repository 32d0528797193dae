internal import LinuxSystem
internal import Uploads

/// Files under their own names. They are their owner's: he may change and remove them, and put others beside them.
extension StoreFiles {
    /// Moves the data file to its own name, replacing a file of that name, and syncs its new directory. The
    /// directories above are synced with the record.
    func deliver(_ id: UploadID, as name: CleanName) throws(StorageError) {
        try doing("move \(dataPath(id)) to \(deliveredPath(id, name))") { () throws(Errno) in
            try complete.makeDirectory(id.description)
            let directory = try complete.directory(id.description)
            try admitReaders(to: id)
            try uploads.rename(id.description, to: directory, name.description)
            try sync(directory)
        }
    }

    /// The size of a delivered file, nil where there is none, or something else in its place.
    func deliveredSize(_ id: UploadID, _ name: CleanName) throws(StorageError) -> Int64? {
        if let failure = awaited.failure(id) { throw failure }
        return try doing("look at \(deliveredPath(id, name))") { () throws(Errno) in
            do throws(Errno) {
                return try complete.directory(id.description).fileSize(name.description)
            } catch {
                guard StoreFiles.isAbsence(error) else { throw error }
                return nil
            }
        }
    }

    /// Opens a delivered file for reading; nil where there is none, or something else in its place.
    func openDelivered(_ id: UploadID, _ name: CleanName) throws(StorageError) -> DeliveredFile? {
        if let failure = awaited.failure(id) { throw failure }
        do throws(Errno) {
            let file = try complete.directory(id.description).open(name.description, [.readOnly, .noFollow])
            let size = try file.size()
            return DeliveredFile(file, size: size)
        } catch {
            guard StoreFiles.isAbsence(error) else { throw StorageError(error, "open \(deliveredPath(id, name))") }
            return nil
        }
    }

    /// Whether an error means that there is no such file of ours: nothing, or what its owner has put there instead.
    private static func isAbsence(_ error: Errno) -> Bool {
        [.noEntry, .notDirectory, .loop, .notRegular, .noDeviceOrAddress].contains(error)
    }

    /// Syncs the directory of an upload's delivered files.
    func syncDelivered(_ id: UploadID) throws(StorageError) {
        try doing("sync \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            try sync(complete.directory(id.description))
        }
    }

    /// Removes the file that an upload was delivered under before, if it is there yet. Whatever else is in its
    /// directory is the owner's.
    func removeOlder(_ id: UploadID, _ name: CleanName) throws(StorageError) {
        try doing("remove \(deliveredPath(id, name))") { () throws(Errno) in
            do throws(Errno) {
                let directory = try complete.directory(id.description)
                try removeFile(id, name.description, from: directory)
                try sync(directory)
            } catch {
                guard StoreFiles.isAbsence(error) else { throw error }
            }
        }
    }

    /// Tells where something lies beside an upload's file that is not known to be this server's.
    func tellOfStrangers(_ id: UploadID, beside name: CleanName) throws(StorageError) {
        let hasStrangers = try doing("look at \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            do throws(Errno) {
                var hasStrangers = false
                try complete.directory(id.description).forEachName { other in
                    hasStrangers = other != name.description
                    return !hasStrangers
                }
                return hasStrangers
            } catch {
                guard StoreFiles.isAbsence(error) else { throw error }
                return false
            }
        }
        if hasStrangers { report(.strangerKept("\(StoreFiles.completeName)/\(id)")) }
    }

    /// Removes every file of an upload, and its directory unless somebody has put something else there. The directories
    /// above are synced with the record.
    ///
    /// An open upload without its data file has been renamed, or had no byte yet (`Recovery`).
    func removeAll(_ upload: Upload) throws(StorageError) {
        let id = upload.id
        try doing("remove the files of upload \(id)") { () throws(Errno) in
            let hadData = try uploads.removeFile(id.description)
            let renamed = upload.state == .open && !hadData ? upload.name : nil
            do throws(Errno) {
                for name in [upload.finished?.name, renamed] {
                    guard let name else { continue }
                    try removeFile(id, name.description, from: complete.directory(id.description))
                }
                try complete.removeDirectory(id.description)
            } catch {
                if error == .notEmpty {
                    report(.strangerKept("\(StoreFiles.completeName)/\(id)"))
                } else if !StoreFiles.isAbsence(error) {
                    throw error
                }
            }
        }
    }

    /// Removes the directory of an upload's delivered files if nothing is in it. Answers whether it is gone.
    func removeEmpty(_ id: UploadID) throws(StorageError) -> Bool {
        try doing("remove \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            do throws(Errno) {
                try complete.removeDirectory(id.description)
            } catch {
                if error == .notEmpty { return false }
                guard StoreFiles.isAbsence(error) else { throw error }
            }
            return true
        }
    }

    /// A directory under the name is none of ours and stays.
    private func removeFile(_ id: UploadID, _ name: String, from directory: borrowing Directory) throws(Errno) {
        do throws(Errno) { try directory.removeFile(name) } catch {
            guard error == .isDirectory else { throw error }
            report(.strangerKept("\(StoreFiles.completeName)/\(id)/\(name)"))
        }
    }
}
