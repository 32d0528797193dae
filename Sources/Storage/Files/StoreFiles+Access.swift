internal import LinuxSystem
internal import Uploads

/// Finished files for those who are to read them. It is done before the file gets its name, so that nobody ever finds
/// it closed; the sync of that name's directory brings it to the disk as well.
extension StoreFiles {
    /// Opens `complete` itself.
    func admitReaders() throws(StorageError) {
        if access.isDefault { return }
        let told = access.group.map { " to group \($0)" } ?? ""
        try doing("open \(StoreFiles.completeName)\(told)") { () throws(Errno) in
            try complete.setAccess(".", mode: access.directoryMode, group: access.group)
        }
    }

    /// Opens a file that is about to get its name, and the directory that it is moved to.
    func admitReaders(to id: UploadID) throws(Errno) {
        if access.isDefault { return }
        let name = id.description
        try complete.setAccess(name, mode: access.directoryMode, group: access.group)
        try uploads.setAccess(name, mode: access.mode, group: access.group)
    }
}
