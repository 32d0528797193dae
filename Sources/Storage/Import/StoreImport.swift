internal import LinuxSystem
public import Uploads

/// Takes uploads of another server's over into a data directory that no server has. Confined to one thread, which waits
/// for the disk.
///
/// The bytes get their place first, then everything is synced, and then the records are committed: an import that is
/// cut off leaves whole uploads, and perhaps bytes that no record speaks of, which the next one brings again.
public final class StoreImport {
    /// What became of one upload.
    public enum Fate: Sendable, Equatable {
        /// The file has another name here now: both are the same bytes.
        case linked
        /// Its bytes are here as well.
        case copied
        /// There is a record of it already, whatever that says: it is left alone.
        case known
        /// It was left where it is, for this reason.
        case skipped(String)
    }

    private let folder: ForeignFolder
    private let connection: SQLiteConnection
    private let files: StoreFiles
    private let put: SQLiteStatement
    private let find: SQLiteStatement
    /// Holds the lock of the directory.
    private let root: Directory
    private var waiting: [Upload] = []
    private let syncsAll: Bool

    /// Opens the data directory, and makes it if it is missing.
    ///
    /// - Throws: `directoryInUse` while a server runs; what opening a store throws.
    public init(path: String, from folder: consuming ForeignFolder) throws(StorageError) {
        self.folder = folder
        root = try LocalStore.lockedRoot(path)
        let lost = try LostCatalogue(root: root, path: path)
        try lost.refuseMissing()
        // What is brought is synced here, many at once.
        files = try StoreFiles(root: root, configuration: StoreConfiguration(path: path, durability: .process))
        try files.settleCatalogue()
        connection = try SQLiteConnection(path: "\(path)/\(LocalStore.catalogueName)", writes: true)
        try lost.refuseBlank(connection)
        try CatalogueSchema.prepare(connection, durability: .power)
        put = try connection.prepare(CatalogueRow.put)
        find = try connection.prepare("SELECT state, \"offset\" FROM uploads WHERE id = ?1")
        syncsAll = root.syncsFileSystem
        try doing("sync \(path)") { () throws(Errno) in try root.sync() }
    }

    /// Takes one over, whose bytes are the file in the foreign folder that is called as its id. It counts with the next
    /// commit.
    ///
    /// - Parameters:
    ///   - upload: an open one, at the offset that is the file's size.
    ///   - isWhole: whether that is a finished file, which gets its name.
    ///   - links: whether a finished file may be the same one as before, where that can be. One that is gone on with is
    ///     always a copy.
    /// - Throws: `noSpace`, `io`: nothing is left of it but bytes without a record.
    public func adopt(_ upload: Upload, isWhole: Bool, links: Bool) throws(StorageError) -> Fate {
        if waiting.contains(where: { $0.id == upload.id }) { return .known }
        let size = upload.offset.bytes
        if let known = try recorded(upload.id) {
            if known >= size { return .known }
            return .skipped("it went on over there after it was taken over; what is here has fewer bytes, and stays")
        }
        let earlier = isWhole ? try files.deliveredSize(upload.id, upload.name) : nil
        if let earlier, earlier != size {
            return .skipped("something else has its place, \(files.deliveredPath(upload.id, upload.name))")
        }
        guard let before = try folder.status(upload.id.description), before.kind == .regular, before.size == size else {
            return .skipped("its file has changed just now: is the other server still running?")
        }
        _ = try files.removeData(upload.id)
        // One file for two servers that both go on with it would be the end of what one of them has told.
        let isLinked = links && isWhole ? try link(upload.id, before) : false
        if !isLinked { try copy(upload.id, size) }
        guard try files.dataSize(upload.id) == size else {
            _ = try files.removeData(upload.id)
            return .skipped("its file has changed just now: is the other server still running?")
        }
        var upload = upload
        if isWhole {
            // A run that was cut off has left that one there.
            guard try files.deliver(upload.id, as: upload.name, over: earlier == nil ? [] : [upload.name]) else {
                _ = try files.removeData(upload.id)
                return .skipped("something else has its place, \(files.deliveredPath(upload.id, upload.name))")
            }
            upload = upload.delivered(length: size, seconds: before.modifiedNanoseconds / 1_000_000_000)
        }
        if !syncsAll { try sync(upload) }
        waiting.append(upload)
        if waiting.count >= StorageLimits.importedAtOnce { try commit() }
        return isLinked ? .linked : .copied
    }

    /// Records what was taken over since the last commit, and answers when that is on stable storage.
    public func commit() throws(StorageError) {
        if waiting.isEmpty { return }
        try doing("sync what was brought") { () throws(Errno) in
            if syncsAll { try root.syncFileSystem() }
            try files.uploads.sync()
            try files.complete.sync()
        }
        // These uploads are no news to anybody. A server that tells of others makes its triggers anew when it starts.
        try connection.execute("BEGIN IMMEDIATE; DROP TRIGGER IF EXISTS events_of_new")
        do throws(StorageError) {
            for upload in waiting {
                try CatalogueRow(upload).bind(to: put, journal: 0)
                try put.run()
            }
            try connection.execute("COMMIT")
        } catch {
            try? connection.execute("ROLLBACK")
            throw error
        }
        waiting = []
    }

    /// How many bytes of an upload are recorded here; as many as there may be of one that has ended, nil for none.
    private func recorded(_ id: UploadID) throws(StorageError) -> Int64? {
        defer { find.reset() }
        try find.bind(1, id.high, id.low)
        guard try find.step() else { return nil }
        return find.integer(0) == Int64(UploadState.open.rawValue) ? find.integer(1) : .max
    }

    // MARK: Bytes

    /// Whether the file is now the same one under both names.
    private func link(_ id: UploadID, _ before: FileStatus) throws(StorageError) -> Bool {
        let name = id.description
        do throws(Errno) {
            try folder.directory.link(name, to: files.uploads, name)
            let now = try files.uploads.status(name)
            // Not what somebody has put in its place meanwhile, nor what may not be read here.
            let isSame = now.map { $0.number == before.number && $0.kind == .regular } ?? false
            if isSame, (try? files.uploads.open(name, [.readOnly, .noFollow])) != nil { return true }
            try files.uploads.removeFile(name)
            return false
        } catch {
            // Another file system, or one without links; a file of somebody else's; one that has too many names.
            if error == .exists || error == .noEntry { throw StorageError(error, "link \(files.dataPath(id))") }
            return false
        }
    }

    private func copy(_ id: UploadID, _ size: Int64) throws(StorageError) {
        try files.checkFits(size)
        guard let buffer = AlignedBuffer(count: StorageLimits.importPieceBytes) else {
            throw .io(.noMemory, "copy \(id)")
        }
        try doing("copy \(id) to \(files.dataPath(id))") { () throws(Errno) in
            let source = try folder.directory.open(id.description, [.readOnly, .noFollow])
            let target = try files.uploads.open(id.description, [.writeOnly, .create, .truncate, .noFollow])
            if size > 0, try source.size() == size, try target.clone(source, length: 0, at: 0) == .done { return }
            var done: Int64 = 0
            while done < size {
                let count = Int(min(size - done, Int64(StorageLimits.importPieceBytes)))
                let found = try source.read(into: buffer.memory, count: count, at: done)
                if found == 0 { break }
                try target.write(buffer.memory, count: found, at: done)
                done += Int64(found)
            }
        }
    }

    /// Where one call does not sync all.
    private func sync(_ upload: Upload) throws(StorageError) {
        try doing("sync upload \(upload.id)") { () throws(Errno) in
            guard let finished = upload.finished else {
                return try files.uploads.open(upload.id.description, [.readOnly, .noFollow]).sync()
            }
            let directory = try files.complete.directory(upload.id.description)
            try directory.open(finished.name.description, [.readOnly, .noFollow]).sync()
            try directory.sync()
        }
    }
}
