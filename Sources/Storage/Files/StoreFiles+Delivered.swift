internal import LinuxSystem
internal import Uploads

/// Files under their own names. They are their owner's: he may change and remove them, and put others beside them.
extension StoreFiles {
    /// Moves the data file to its own name, and syncs its new directory. The directories above are synced with the
    /// record. Answers false where something has the name that is not this upload's: that stays, and nothing is moved.
    ///
    /// - Parameter own: names of the upload's own files, which are replaced.
    func deliver(_ id: UploadID, as name: CleanName, over own: [CleanName]) throws(StorageError) -> Bool {
        try doing("move \(dataPath(id)) to \(deliveredPath(id, name))") { () throws(Errno) in
            try complete.makeDirectory(id.description)
            let directory = try complete.directory(id.description)
            try admitReaders(to: id)
            do throws(Errno) {
                if own.contains(name) {
                    try uploads.rename(id.description, to: directory, name.description)
                } else {
                    try uploads.renameNew(id.description, to: directory, name.description)
                }
            } catch {
                guard error == .exists || error == .isDirectory else { throw error }
                return false
            }
            try sync(directory)
            return true
        }
    }

    /// A name like the upload's own that nothing of somebody else's has.
    func freeName(_ upload: Upload) throws(StorageError) -> CleanName {
        let id = upload.id
        return try doing("look at \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            let directory = try complete.directory(id.description)
            for number in 2..<StorageLimits.numberedNamesMax {
                let name = upload.name.numbered(number)
                let found = try directory.status(name.description)
                if found == nil || found?.kind != .directory && upload.ownNames.contains(name) { return name }
            }
            throw .exists
        }
    }

    /// How long the file is that an open upload without a data file was moved to before its record could say so; nil
    /// where none is its own.
    ///
    /// What was there before an upload without a byte began is somebody else's. With an offset recorded there was a
    /// data file, so that one of the right length is what has become of it.
    func renamedLength(_ upload: Upload) throws(StorageError) -> Int64? {
        let id = upload.id
        if let failure = awaited.failure(id) { throw failure }
        return try doing("look at \(deliveredPath(id, upload.name))") { () throws(Errno) -> Int64? in
            do throws(Errno) {
                let found = try complete.directory(id.description).status(upload.name.description)
                guard let found, found.kind == .regular, found.size >= upload.offset.bytes,
                    found.size == upload.length ?? found.size
                else { return nil }
                let isYounger = found.changedNanoseconds >= FinishedFile.nanoseconds(ofSecond: upload.createdSeconds)
                return isYounger || upload.offset != .zero ? found.size : nil
            } catch {
                guard StoreFiles.isAbsence(error) else { throw error }
                return nil
            }
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
            return try DeliveredFile(file)
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

    /// Sees to it that the data file of a whole upload has exactly its bytes, and makes its place. Answers the record
    /// with the name under which it can be delivered: something may be in that place already.
    func makeReady(_ upload: Upload) throws(StorageError) -> Upload {
        _ = try openData(upload.id, at: upload.offset)
        if try makePlace(upload.id) { return upload }
        var renamed = upload
        renamed.name = try freeName(upload)
        return renamed
    }

    /// Puts names on stable storage that files have got without a sync. One may be gone already: it is its owner's.
    func syncNames(of ids: [UploadID]) throws(StorageError) {
        if durability == .process { return }
        for id in ids {
            try doing("sync \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
                do throws(Errno) { try sync(complete.directory(id.description)) } catch {
                    guard StoreFiles.isAbsence(error) else { throw error }
                }
            }
        }
        if let failure = sync([.uploads, .complete]).1 { throw failure }
    }

    /// Removes the files that an upload was delivered under before, those that are there yet. Whatever else is in its
    /// directory is the owner's.
    ///
    /// - Throws: why one of them could not be removed, after all were tried.
    func removeOlder(_ upload: Upload) throws(StorageError) {
        var failure: StorageError?
        for name in upload.older where name != upload.finished?.name {
            do throws(StorageError) { try removeDelivered(upload.id, name) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Removes one delivered file, where it is there; its owner may have taken it.
    func removeDelivered(_ id: UploadID, _ name: CleanName) throws(StorageError) {
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
        if try holdsAnything(id, beside: name) { report(.strangerKept("\(StoreFiles.completeName)/\(id)")) }
    }

    /// Whether something is in the directory of an upload's delivered files.
    ///
    /// - Parameter name: what does not count.
    func holdsAnything(_ id: UploadID, beside name: CleanName? = nil) throws(StorageError) -> Bool {
        try doing("look at \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            do throws(Errno) {
                var isThere = false
                try complete.directory(id.description).forEachName { other in
                    isThere = other != name?.description
                    return !isThere
                }
                return isThere
            } catch {
                guard StoreFiles.isAbsence(error) else { throw error }
                return false
            }
        }
    }

    /// Removes every file of an upload, and its directory unless somebody has put something else there. The directories
    /// above are synced with the record.
    ///
    func removeAll(_ upload: Upload) throws(StorageError) {
        let id = upload.id
        var names = upload.ownNames
        if upload.state == .open, try dataSize(id) == nil, try renamedLength(upload) != nil {
            names.append(upload.name)
        }
        try doing("remove the files of upload \(id)") { () throws(Errno) in
            try uploads.removeFile(id.description)
            do throws(Errno) {
                for name in names {
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
