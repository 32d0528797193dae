internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// The files below the data directory; everything here may wait for the disk.
///
/// `uploads/<id>` holds the bytes of an open upload, `complete/<id>/<clean name>` a delivered file.
final class StoreFiles: Sendable {
    static let uploadsName = "uploads"
    static let completeName = "complete"

    let counters = LiveCounters()
    /// Delivered files that nobody is to look at yet.
    let awaited = AwaitedFiles()
    let durability: Durability
    let access: FileAccess
    let uploads: Directory
    let complete: Directory
    /// The data directory itself.
    let root: Directory
    private let onEvent: @Sendable (StoreEvent) -> Void
    private let directIO: Atomic<Bool>

    /// Makes the directories that are missing.
    init(root: borrowing Directory, configuration: StoreConfiguration) throws(StorageError) {
        durability = configuration.durability
        access = configuration.access
        onEvent = configuration.onEvent
        directIO = Atomic(configuration.directIO)
        let path = configuration.path
        do throws(Errno) {
            try root.makeDirectory(StoreFiles.uploadsName)
            try root.makeDirectory(StoreFiles.completeName)
            uploads = try root.directory(StoreFiles.uploadsName)
            complete = try root.directory(StoreFiles.completeName)
            self.root = try root.directory(".")
        } catch { throw StorageError(error, "make the directories in \(path)") }
        try admitReaders()
    }

    /// Whether large writes still go past the page cache.
    var usesDirectIO: Bool { directIO.load(ordering: .relaxed) }

    /// Remembers that the file system does not take direct I/O.
    func refuseDirectIO(_ errno: Errno) {
        if directIO.exchange(false, ordering: .relaxed) { onEvent(.directIORefused(errno)) }
    }

    func report(_ event: StoreEvent) { onEvent(event) }

    func freeBytes() throws(StorageError) -> Int64 {
        try doing("ask for free space") { () throws(Errno) in try uploads.freeBytes() }
    }

    /// - Throws: `noSpace` where so many bytes more cannot fit.
    func checkFits(_ bytes: Int64) throws(StorageError) {
        if try freeBytes() < bytes { throw .noSpace }
    }

    // MARK: Data files

    /// Opens (or makes) the data file of an upload and cuts off what is beyond its recorded offset: bytes that were
    /// never synced, or of an attempt that was restarted.
    func openData(_ id: UploadID, at offset: Offset) throws(StorageError) -> DataFile {
        let (data, size) = try doing("open the data file of upload \(id)") { () throws(Errno) in
            let file = try uploads.open(id.description, [.writeOnly, .create, .noFollow])
            let size = try file.size()
            if size > offset.bytes { try file.truncate(to: offset.bytes) }
            return (DataFile(file, name: id.description, files: self), size)
        }
        guard size >= offset.bytes else {
            report(.damaged(id, recorded: offset, found: size))
            throw .damaged(id)
        }
        return data
    }

    /// Opens the data file once more, past the page cache.
    func openDirect(_ name: String) throws(Errno) -> File { try uploads.open(name, [.writeOnly, .direct, .noFollow]) }

    /// Opens the data file to read what was written.
    func openForReading(_ id: UploadID) throws(StorageError) -> DeliveredFile {
        try doing("read the data file of upload \(id)") { () throws(Errno) in
            let file = try uploads.open(id.description, [.readOnly, .noFollow])
            let size = try file.size()
            return DeliveredFile(file, size: size)
        }
    }

    /// Makes sure that there is a data file, and leaves its bytes alone.
    func ensureData(_ id: UploadID) throws(StorageError) {
        _ = try doing("make the data file of upload \(id)") { () throws(Errno) in
            try uploads.open(id.description, [.writeOnly, .create, .noFollow])
        }
    }

    func dataSize(_ id: UploadID) throws(StorageError) -> Int64? {
        try doing("look at the data file of upload \(id)") { () throws(Errno) in
            try uploads.fileSize(id.description)
        }
    }

    /// Writes the data file of one upload from those of others, and syncs it.
    func assemble(_ id: UploadID, from parts: [(id: UploadID, length: Int64)]) throws(StorageError) {
        let target = try doing("make the data file of upload \(id)") { () throws(Errno) in
            try uploads.open(id.description, [.writeOnly, .create, .truncate, .noFollow])
        }
        var end: Int64 = 0
        for part in parts where part.length > 0 {
            let source: DeliveredFile
            do throws(Errno) {
                let file = try uploads.open(part.id.description, [.readOnly, .noFollow])
                let size = try file.size()
                source = DeliveredFile(file, size: size)
            } catch {
                throw error == .noEntry
                    ? .damaged(part.id) : StorageError(error, "open part \(part.id) of upload \(id)")
            }
            guard source.size >= part.length else { throw .damaged(part.id) }
            try doing("concatenate upload \(id)") { () throws(Errno) in
                if try !target.clone(source.file, length: part.length, at: end) {
                    try target.copy(source.file, length: part.length, at: end)
                }
            }
            end += part.length
        }
        guard durability == .power else { return }
        let start = SystemClock.monotonicNanoseconds
        try doing("sync upload \(id)") { () throws(Errno) in try target.syncData() }
        counters.countSync(sinceNanoseconds: start)
    }

    // MARK: Delivered files

    /// Moves the data file to its own name, replacing a file of that name, and syncs its new directory. The
    /// directories above are synced with the record.
    func deliver(_ id: UploadID, as name: CleanName) throws(StorageError) {
        try doing("deliver upload \(id)") { () throws(Errno) in
            try complete.makeDirectory(id.description)
            let directory = try complete.directory(id.description)
            try admitReaders(to: id)
            try uploads.rename(id.description, to: directory, name.description)
            try sync(directory)
        }
    }

    /// The size of a delivered file, nil where there is none.
    func deliveredSize(_ id: UploadID, _ name: CleanName) throws(StorageError) -> Int64? {
        if let failure = awaited.failure(id) { throw failure }
        return try doing("look at the file of upload \(id)") { () throws(Errno) in
            do throws(Errno) {
                return try complete.directory(id.description).fileSize(name.description)
            } catch {
                guard error == .noEntry else { throw error }
                return nil
            }
        }
    }

    /// Opens a delivered file for reading; nil where there is none.
    func openDelivered(_ id: UploadID, _ name: CleanName) throws(StorageError) -> DeliveredFile? {
        if let failure = awaited.failure(id) { throw failure }
        do throws(Errno) {
            let file = try complete.directory(id.description).open(name.description, [.readOnly, .noFollow])
            let size = try file.size()
            return DeliveredFile(file, size: size)
        } catch {
            guard error == .noEntry else { throw StorageError(error, "open the file of upload \(id)") }
            return nil
        }
    }

    /// Syncs the directory of an upload's delivered files.
    func syncDelivered(_ id: UploadID) throws(StorageError) {
        try doing("sync the directory of upload \(id)") { () throws(Errno) in
            try sync(complete.directory(id.description))
        }
    }

    /// Removes every delivered file of an upload but the one named.
    func removeDelivered(_ id: UploadID, except name: CleanName) throws(StorageError) {
        try doing("remove older files of upload \(id)") { () throws(Errno) in
            let directory = try complete.directory(id.description)
            try empty(directory, except: name.description)
            try sync(directory)
        }
    }

    /// Removes every file of an upload. The directories above are synced with the record.
    func removeAll(_ id: UploadID) throws(StorageError) {
        try doing("remove the files of upload \(id)") { () throws(Errno) in
            try uploads.removeFile(id.description)
            do throws(Errno) {
                try empty(complete.directory(id.description), except: nil)
                try complete.removeDirectory(id.description)
            } catch {
                guard error == .noEntry else { throw error }
            }
        }
    }

    /// Removes the directory of an upload's delivered files if nothing is in it. Answers whether it is gone.
    func removeEmpty(_ id: UploadID) throws(StorageError) -> Bool {
        try doing("remove the directory of upload \(id)") { () throws(Errno) in
            do throws(Errno) {
                try complete.removeDirectory(id.description)
            } catch {
                if error == .notEmpty { return false }
                guard error == .noEntry else { throw error }
            }
            return true
        }
    }

    private func empty(_ directory: borrowing Directory, except kept: String?) throws(Errno) {
        var names: [String] = []
        try directory.forEachName { name in
            if name != kept { names.append(name) }
            return true
        }
        for name in names { try directory.removeFile(name) }
    }

    // MARK: The sweep

    /// Hands the name of every data file to `body` until it answers false.
    func forEachData(_ body: (String) -> Bool) throws(StorageError) {
        try doing("list the data files") { () throws(Errno) in try uploads.forEachName(body) }
    }

    /// When a data file was last written, in nanoseconds since 1970; nil if it is gone.
    func dataModificationNanoseconds(_ name: String) throws(StorageError) -> Int64? {
        try doing("look at data file \(name)") { () throws(Errno) in try uploads.modificationNanoseconds(name) }
    }

    func removeData(_ id: UploadID) throws(StorageError) -> Bool {
        try doing("remove the data file of upload \(id)") { () throws(Errno) in
            try uploads.removeFile(id.description)
        }
    }

    // MARK: Syncing

    /// Syncs directories for a batch of changes. Answers which ones could not be synced, and why.
    func sync(_ directories: DirectorySyncs) -> (DirectorySyncs, StorageError?) {
        var failed: DirectorySyncs = []
        var failure: StorageError?
        do throws(Errno) {
            if directories.contains(.uploads) { try sync(uploads) }
        } catch {
            failed.insert(.uploads)
            failure = StorageError(error, "sync \(StoreFiles.uploadsName)")
        }
        do throws(Errno) {
            if directories.contains(.complete) { try sync(complete) }
        } catch {
            failed.insert(.complete)
            failure = StorageError(error, "sync \(StoreFiles.completeName)")
        }
        return (failed, failure)
    }

    func sync(_ directory: borrowing Directory) throws(Errno) {
        guard durability == .power else { return }
        try directory.sync()
        counters.countDirectorySync()
    }
}
