internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// The files below the data directory; everything here may wait for the disk.
///
/// `uploads/<id>` holds the bytes of an open upload, `complete/<id>/<clean name>` a delivered file. Errors tell paths
/// as seen from the data directory.
final class StoreFiles: Sendable {
    static let uploadsName = "uploads"
    static let completeName = "complete"
    /// How names begin that files have in the folder that they are brought to, for as long as they are on their way. No
    /// file's own name begins with a dot.
    static let folderPrefix = ".sluice-"

    let counters = StoreTallies()
    /// Delivered files that nobody is to look at yet.
    let awaited = AwaitedFiles()
    let durability: Durability
    let access: FileAccess
    /// What is computed of files while they come; nil for nothing.
    let digests: FileDigests?
    private let reserve: Atomic<Int64>
    let uploads: Directory
    let complete: Directory
    /// The data directory itself.
    let root: Directory
    /// The catalogue's database: see `holdDatabase`.
    let database = Mutex<File?>(nil)
    /// Which file that is. The other one's lock is held while it is synced, and who asks must not wait for that.
    let heldDatabase = Mutex<FileStatus?>(nil)
    private let onEvent: @Sendable (StoreEvent) -> Void
    private let directIO: Atomic<Bool>
    private let sweep: StopFlag

    /// Why one of the directories is not in its place, as last seen.
    let misplaced = Mutex<StorageError?>(nil)

    /// Free space in bytes that uploads leave alone. From any thread; another one counts from the next write on.
    var reserveBytes: Int64 {
        get { reserve.load(ordering: .relaxed) }
        set { reserve.store(newValue, ordering: .relaxed) }
    }

    /// Makes the directories that are missing.
    ///
    /// - Parameter sweep: nudged when something was left behind.
    init(root: borrowing Directory, configuration: StoreConfiguration, sweep: StopFlag = StopFlag())
        throws(StorageError)
    {
        self.sweep = sweep
        durability = configuration.durability
        access = configuration.access
        digests = configuration.digests
        reserve = Atomic(configuration.reserveBytes)
        onEvent = configuration.onEvent
        directIO = Atomic(configuration.directIO)
        let path = configuration.path
        uploads = try StoreFiles.made(StoreFiles.uploadsName, in: root, path)
        complete = try StoreFiles.made(StoreFiles.completeName, in: root, path)
        self.root = try doing("open \(path)") { () throws(Errno) in try root.directory(".") }
        do throws(Errno) {
            guard try uploads.canMove(to: complete) else { throw Errno.crossDevice }
        } catch {
            let (from, to) = ("\(path)/\(StoreFiles.uploadsName)", "\(path)/\(StoreFiles.completeName)")
            throw StorageError(error, "move finished files from \(from) to \(to) (both must be one file system)")
        }
        // Whoever was root once has made them for root alone: every upload would fail at its end.
        try doing("write in the directory \(path)/\(StoreFiles.uploadsName)") { () throws(Errno) in
            try uploads.checkMayChange()
        }
        try doing("write in the directory \(path)/\(StoreFiles.completeName)") { () throws(Errno) in
            try complete.checkMayChange()
        }
        try admitReaders()
    }

    /// Opens one of the directories below the data directory, and makes it where it is missing.
    private static func made(
        _ name: String, in root: borrowing Directory, _ path: String
    ) throws(StorageError) -> Directory {
        do throws(Errno) {
            try root.makeDirectory(name)
            return try root.directory(name)
        } catch {
            let hint = error == .notDirectory ? " (it must be a directory, not a link to one)" : ""
            throw StorageError(error, "make or open the directory \(path)/\(name)\(hint)")
        }
    }

    /// Where an upload's bytes lie.
    func dataPath(_ id: UploadID) -> String { "\(StoreFiles.uploadsName)/\(id)" }

    /// Where a delivered file lies.
    func deliveredPath(_ id: UploadID, _ name: CleanName) -> String { "\(StoreFiles.completeName)/\(id)/\(name)" }

    /// Whether large writes still go past the page cache.
    var usesDirectIO: Bool { directIO.load(ordering: .relaxed) }

    /// Remembers that the file system does not take direct I/O.
    func refuseDirectIO(_ errno: Errno) {
        if directIO.exchange(false, ordering: .relaxed) { onEvent(.directIORefused(errno)) }
    }

    func report(_ event: StoreEvent) { onEvent(event) }

    /// Something may lie about that nothing stands for: the sweep is to have a look soon.
    func leftBehind() { sweep.nudge() }

    func space() throws(StorageError) -> DiskSpace {
        try doing("ask for free space") { () throws(Errno) in try uploads.space() }
    }

    /// - Parameter reserve: what is left alone; nil for what is to be now.
    /// - Throws: `noSpace` where so many bytes more cannot fit.
    func checkFits(_ bytes: Int64, besides reserve: Int64? = nil) throws(StorageError) {
        if try space().bytes - (reserve ?? reserveBytes) < bytes { throw .noSpace }
    }

    // MARK: Data files

    /// Opens (or makes) the data file of an upload and cuts off what is beyond its recorded offset: bytes that were
    /// never synced, or of an attempt that was restarted.
    func openData(_ id: UploadID, at offset: Offset) throws(StorageError) -> DataFile {
        // With an offset recorded the file is there; one that is made now would only hide that it is gone.
        let isMade: File.Options = offset == .zero ? .create : []
        let (data, size) = try doing("open \(dataPath(id))") { () throws(Errno) -> (DataFile?, Int64?) in
            do throws(Errno) {
                let file = try uploads.open(id.description, [.writeOnly, .noFollow, isMade])
                let size = try file.size()
                if size > offset.bytes { try file.truncate(to: offset.bytes) }
                return (DataFile(file, name: id.description, files: self), size)
            } catch {
                guard error == .noEntry, offset != .zero else { throw error }
                return (nil, nil)
            }
        }
        guard let data, let size, size >= offset.bytes else {
            if try seePlaces() { return try openData(id, at: offset) }
            report(.damaged(id, recorded: offset, found: size))
            throw .damaged(id)
        }
        return data
    }

    /// Opens the data file once more, past the page cache.
    func openDirect(_ name: String) throws(Errno) -> File { try uploads.open(name, [.writeOnly, .direct, .noFollow]) }

    /// Opens the data file to read what was written.
    func openForReading(_ id: UploadID) throws(StorageError) -> DeliveredFile {
        try doing("read \(dataPath(id))") { () throws(Errno) in
            let file = try uploads.open(id.description, [.readOnly, .noFollow])
            return try DeliveredFile(file)
        }
    }

    /// Makes sure that there is a data file, and leaves its bytes alone.
    func ensureData(_ id: UploadID) throws(StorageError) {
        _ = try doing("make \(dataPath(id))") { () throws(Errno) in
            try uploads.open(id.description, [.writeOnly, .create, .noFollow])
        }
    }

    func dataSize(_ id: UploadID) throws(StorageError) -> Int64? {
        try doing("look at \(dataPath(id))") { () throws(Errno) in
            try uploads.fileSize(id.description)
        }
    }

    // MARK: Files put together from others

    /// Opens the data file that is being put together, made anew and empty if `isNew`.
    func openAssembled(_ id: UploadID, isNew: Bool) throws(StorageError) -> DataFile {
        try doing("open \(dataPath(id))") { () throws(Errno) in
            let options: File.Options = isNew ? [.writeOnly, .create, .truncate, .noFollow] : [.writeOnly, .noFollow]
            return DataFile(try uploads.open(id.description, options), name: id.description, files: self)
        }
    }

    /// Cuts a data file to nothing; one that is not there is not made.
    func emptyData(_ id: UploadID) throws(StorageError) {
        try doing("cut \(dataPath(id))") { () throws(Errno) in
            do throws(Errno) { try uploads.open(id.description, [.writeOnly, .noFollow]).truncate(to: 0) } catch {
                guard error == .noEntry else { throw error }
            }
        }
    }

    /// Opens a part to read it, past the page cache if `isDirect`.
    ///
    /// - Throws: `damaged` where it has fewer bytes than that, or is gone.
    func openPart(_ id: UploadID, length: Int64, isDirect: Bool = false) throws(StorageError) -> DeliveredFile {
        do throws(Errno) {
            let options: File.Options = isDirect ? [.readOnly, .direct, .noFollow] : [.readOnly, .noFollow]
            let file = try uploads.open(id.description, options)
            let part = try DeliveredFile(file)
            if part.size < length { throw .noEntry }
            return part
        } catch {
            throw error == .noEntry ? .damaged(id) : StorageError(error, "open \(dataPath(id))")
        }
    }

    // MARK: The sweep

    /// Hands the name of every data file to `body` until it answers false.
    func forEachData(_ body: (String) -> Bool) throws(StorageError) {
        try doing("list \(StoreFiles.uploadsName)") { () throws(Errno) in try uploads.forEachName(body) }
    }

    /// When a data file was last written, in nanoseconds since 1970; nil if it is gone.
    func dataModificationNanoseconds(_ name: String) throws(StorageError) -> Int64? {
        try doing("look at \(StoreFiles.uploadsName)/\(name)") { () throws(Errno) in
            try uploads.modificationNanoseconds(name)
        }
    }

    /// Gives back what a data file takes beyond the recorded offset: bytes that a crash has left, blocks that were
    /// reserved. Called while nobody can open it.
    func giveBack(_ id: UploadID, beyond offset: Offset) throws(StorageError) {
        try doing("cut \(dataPath(id))") { () throws(Errno) in
            let file = try uploads.open(id.description, [.writeOnly, .noFollow])
            let (size, allocated) = (try file.size(), try file.allocatedBytes())
            if size < offset.bytes || allocated - offset.bytes < StorageLimits.surplusBytesMin { return }
            try file.truncate(to: offset.bytes)
        }
    }

    func removeData(_ id: UploadID) throws(StorageError) -> Bool {
        try doing("remove \(dataPath(id))") { () throws(Errno) in
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
        counters.add(.directorySyncs)
    }
}
