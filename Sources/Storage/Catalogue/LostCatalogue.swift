internal import LinuxSystem
internal import Uploads

/// Tells a directory whose catalogue was lost from one that has none yet.
///
/// A start makes the directories first and the catalogue's tables then, and nothing comes into those directories before
/// the tables are committed. So what lies there without them is what clients were told of, and a sweep by a new, empty
/// catalogue would take it for leftovers. Names that this server does not give say nothing.
struct LostCatalogue: ~Copyable {
    private let root: Directory
    private let path: String

    init(root: borrowing Directory, path: String) throws(StorageError) {
        self.root = try doing("open \(path)") { () throws(Errno) in try root.directory(".") }
        self.path = path
    }

    /// Before anything is made, or opened by SQLite, which would remove a log without its database.
    func refuseMissing() throws(StorageError) {
        let name = LocalStore.catalogueName
        let isMissing = try doing("look at \(path)/\(name)") { () throws(Errno) in
            if try root.modificationNanoseconds(name) == nil { return true }
            return try root.fileSize(name) == 0
        }
        if isMissing { try refuse("there is no catalogue") }
    }

    /// Before the tables are made in a database that has none.
    func refuseBlank(_ connection: SQLiteConnection) throws(StorageError) {
        if try CatalogueSchema.isBlank(connection) { try refuse("the catalogue is empty") }
    }

    private func refuse(_ fault: String) throws(StorageError) {
        for name in [StoreFiles.uploadsName, StoreFiles.completeName] where try hasUploads(name) {
            throw .catalogue(
                "\(fault), and \(path)/\(name) has uploads; put it back, or run 'sluice check --repair' for new ones")
        }
    }

    private func hasUploads(_ name: String) throws(StorageError) -> Bool {
        try doing("list \(path)/\(name)") { () throws(Errno) in
            do throws(Errno) {
                var isFound = false
                try root.directory(name).forEachName { entry in
                    isFound = UploadID(entry) != nil
                    return !isFound
                }
                return isFound
            } catch {
                // Who makes it tells what is in its place.
                guard [.noEntry, .notDirectory, .loop].contains(error) else { throw error }
                return false
            }
        }
    }
}
