internal import LinuxSystem
internal import Synchronization

/// `uploads/` and `complete/` are held open, and somebody may put something else in their places.
///
/// | in its place      | the one held open | what happens                                 |
/// |-------------------|-------------------|----------------------------------------------|
/// | itself            | –                 | nothing                                      |
/// | another directory | –                 | that is used from here on, as by a new start |
/// | nothing           | is removed        | it is made again, as by a new start          |
/// | nothing           | is moved away     | it is still used; a failure until it is back |
/// | something else    | –                 | a failure until that is gone                 |
/// | itself, and not to be written to | –  | a failure until it is                        |
extension StoreFiles {
    /// Looks at both, and does what can be done. Asked by whoever wants to know whether uploads can be taken, after
    /// failures, and before bytes are said to be lost. Blocks.
    ///
    /// - Returns: whether another directory is used now than before.
    /// - Throws: why one of them is not in its place. It is told once.
    func seePlaces() throws(StorageError) -> Bool {
        try misplaced.withLock { known throws(StorageError) in
            do throws(StorageError) {
                let isChanged = try see(uploads, StoreFiles.uploadsName)
                let isChangedToo = try see(complete, StoreFiles.completeName)
                try checkDatabase()
                known = nil
                return isChanged || isChangedToo
            } catch {
                if known != error { report(.directoryMisplaced(error)) }
                known = error
                throw error
            }
        }
    }

    private func see(_ held: borrowing Directory, _ name: String) throws(StorageError) -> Bool {
        let isChanged = try take(held, name)
        try doing("write in the directory \(name)") { () throws(Errno) in try held.checkMayChange() }
        return isChanged
    }

    private func take(_ held: borrowing Directory, _ name: String) throws(StorageError) -> Bool {
        try doing("use the directory \(name) (it must be in the data directory)") { () throws(Errno) in
            if try held.isEntry(name, of: root) { return false }
            var isMade = false
            let found: Directory
            do throws(Errno) { found = try root.directory(name) } catch {
                guard error == .noEntry, try held.isRemoved() else { throw error }
                isMade = try root.makeDirectory(name)
                found = try root.directory(name)
            }
            guard try found.canMove(to: root) else { throw .crossDevice }
            try held.become(found)
            if !access.isDefault, name == StoreFiles.completeName {
                try complete.setAccess(".", mode: access.directoryMode, group: access.group)
            }
            try sync(root)
            report(.directoryReplaced(name, isMade: isMade))
            return true
        }
    }
}
