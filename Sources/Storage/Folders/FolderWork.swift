internal import LinuxSystem
internal import Uploads

/// Brings one file to its folder. On a disk thread.
///
/// The file first gets a hidden name in the folder, `.sluice-<id>-<when it was finished>`: a link to the file here, or
/// a copy where the folder is on another file system. A further link gives it its own one. The hidden name goes when it
/// is recorded that the file stands there; until then it tells which of the names in the folder is this file's: a start
/// after a crash finds it, and neither loses the file nor puts it there twice.
struct FolderWork: Sendable {
    enum Beginning: Sendable {
        /// The whole file has its hidden name.
        ///
        /// - Parameter isNew: since now; otherwise it may have its own one as well.
        case whole(isNew: Bool)
        /// It is to be copied.
        case copying(FolderCopy)
    }

    let place: FolderPlace
    let id: UploadID
    /// Which file of the upload it is.
    let finishedNanoseconds: Int64
    let files: StoreFiles

    private var hidden: String { "\(StoreFiles.folderPrefix)\(id)-\(finishedNanoseconds)" }
    /// The copy that is not whole.
    private var partial: String { "\(hidden).part" }
    /// The file on its way to take another one's place.
    private var replacing: String { "\(hidden).new" }

    /// The file gets its hidden name, or a copy begins.
    ///
    /// - Parameter name: what the file is called here.
    func begin(_ source: DeliveredFile, _ name: CleanName) throws(FolderFailure) -> Beginning {
        guard let directory = try open(makes: true) else { throw .local }
        return try doing("make \(hidden) in \(place.directory)") { () throws(Errno) in
            if let found = try directory.status(hidden) {
                if found.kind == .regular, found.size == source.size { return .whole(isNew: false) }
                try directory.removeFile(hidden)
            }
            if try link(source, name, in: directory) { return .whole(isNew: true) }
            if try directory.space().bytes < source.size { throw .noSpace }
            try directory.removeFile(partial)
            let copy = try directory.open(partial, [.writeOnly, .create, .exclusive, .noFollow])
            return .copying(FolderCopy(source, to: copy))
        }
    }

    /// Whether the file now has its hidden name as well. Not on another file system, or one without links; not where it
    /// is somebody else's, or has too many names.
    private func link(
        _ source: DeliveredFile, _ name: CleanName, in directory: borrowing Directory
    ) throws(Errno) -> Bool {
        do throws(Errno) {
            try files.complete.directory(id.description).link(name.description, to: directory, hidden)
        } catch {
            if error == .noSpace || error == .quotaExceeded || error == .io { throw error }
            return false
        }
        if try directory.status(hidden).map(source.isSame) ?? false { return true }
        // Somebody has put another file in its place since it was opened.
        try directory.removeFile(hidden)
        return false
    }

    /// The whole copy gets the hidden name, with the rights of files here.
    func end(_ copy: FolderCopy) throws(FolderFailure) {
        guard let directory = try open(makes: true) else { throw .local }
        let isWhole = try doing("copy \(id) to \(place.directory)") { () throws(Errno) in
            guard try copy.source.isUnchanged(), try copy.target.size() == copy.source.size else { return false }
            try? copy.target.setModified(nanoseconds: max(0, copy.source.modifiedNanoseconds))
            if !files.access.isDefault {
                try directory.setAccess(partial, mode: files.access.mode, group: files.access.group)
            }
            if files.durability == .power { try copy.target.sync() }
            try directory.rename(partial, to: directory, hidden)
            return true
        }
        if !isWhole { throw .local }
    }

    /// The file that has its hidden name gets its own one, durably. Answers that, and what stands there now.
    ///
    /// - Parameter isNew: whether it cannot have it yet.
    func take(isNew: Bool) throws(FolderFailure) -> (path: String, status: FileStatus) {
        guard let directory = try open(makes: true) else { throw .local }
        return try doing("bring \(id) to \(place.directory)/\(place.name)") { () throws(Errno) in
            guard let own = try directory.status(hidden) else { throw .noEntry }
            let known = isNew ? nil : try standing(own, in: directory)
            let name: CleanName
            if let known { name = known } else { name = try free(in: directory) }
            try files.sync(directory)
            guard let status = try directory.status(hidden) else { throw .noEntry }
            return ("\(place.directory)/\(name)", status)
        }
    }

    /// Where the file stands by what a run before has done; nil where it does not.
    func standing() throws(FolderFailure) -> String? {
        guard let directory = try open(makes: false) else { return nil }
        return try doing("look at \(place.directory)") { () throws(Errno) in
            guard let own = try directory.status(hidden), let name = try standing(own, in: directory) else {
                return nil
            }
            try files.sync(directory)
            return "\(place.directory)/\(name)"
        }
    }

    /// It is recorded where the file stands: the hidden name goes.
    func forget() throws(FolderFailure) {
        guard let directory = try open(makes: false) else { return }
        _ = try doing("clean \(place.directory)") { () throws(Errno) in try removeHidden(directory) }
    }

    /// Nobody is to be told of the file: what is there of it goes, and the directories that nothing else is in.
    func remove() throws(FolderFailure) {
        guard let directory = try open(makes: false) else { return }
        let wasThere = try doing("remove \(id) from \(place.directory)") { () throws(Errno) in
            if let own = try directory.status(hidden), let name = try standing(own, in: directory) {
                try directory.removeFile(name.description)
                try files.sync(directory)
            }
            return try removeHidden(directory)
        }
        if wasThere { removeEmpty() }
    }

    /// What is there of a copy that ends here goes.
    func discard() {
        guard let directory = try? open(makes: false) else { return }
        _ = try? directory.removeFile(partial)
    }

    // MARK: Names

    /// The name, and those that it may have got instead.
    private func candidates() -> some Sequence<CleanName> {
        let last = place.collision == .number ? StorageLimits.numberedNamesMax : 1
        return (1...last).lazy.map { $0 == 1 ? place.name : place.name.numbered($0) }
    }

    private func standing(_ own: FileStatus, in directory: borrowing Directory) throws(Errno) -> CleanName? {
        for name in candidates() {
            guard let found = try directory.status(name.description) else { continue }
            if (found.device, found.number) == (own.device, own.number) { return name }
        }
        return nil
    }

    private func free(in directory: borrowing Directory) throws(Errno) -> CleanName {
        if place.collision == .replace {
            try directory.removeFile(replacing)
            try directory.link(hidden, to: directory, replacing)
            try directory.rename(replacing, to: directory, place.name.description)
            return place.name
        }
        for name in candidates() {
            do throws(Errno) {
                try directory.link(hidden, to: directory, name.description)
                return name
            } catch {
                guard error == .exists else { throw error }
            }
        }
        throw .exists
    }

    /// Whether there was any.
    private func removeHidden(_ directory: borrowing Directory) throws(Errno) -> Bool {
        var wasThere = false
        for name in [partial, replacing, hidden] where try directory.removeFile(name) { wasThere = true }
        // After a cut of the power nobody would look for them any more.
        if wasThere { try files.sync(directory) }
        return wasThere
    }

    // MARK: Directories

    /// Opens the file's directory. Below the operator's own one no symbolic link is followed.
    ///
    /// - Parameter makes: whether what is missing is made; otherwise that is nil.
    private func open(makes: Bool) throws(FolderFailure) -> Directory? {
        var path = place.root
        var directory = try doing("open \(path)", isOfRoot: true) { () throws(Errno) in try Directory(path: path) }
        for folder in place.folders {
            let isOfRoot = path == place.root
            if makes {
                try doing("make \(folder) in \(path)", isOfRoot: isOfRoot) { () throws(Errno) in
                    if try directory.makeDirectory(folder), !files.access.isDefault {
                        try directory.setAccess(folder, mode: files.access.directoryMode, group: files.access.group)
                    }
                    // A run before may have made it.
                    try files.sync(directory)
                }
            }
            path += "/\(folder)"
            let next = try doing("open \(path), which must be a directory and no link to one") { () throws(Errno) in
                do throws(Errno) { return try directory.directory(folder) as Directory? } catch {
                    guard error == .noEntry, !makes else { throw error }
                    return nil
                }
            }
            guard let next else { return nil }
            directory = next
        }
        return directory
    }

    /// From the file's directory up, as far as nothing is in them.
    private func removeEmpty() {
        for count in stride(from: place.folders.count, to: 0, by: -1) {
            let above = FolderPlace(
                root: place.root, folders: Array(place.folders.prefix(count - 1)), name: place.name,
                collision: place.collision)
            let work = FolderWork(place: above, id: id, finishedNanoseconds: finishedNanoseconds, files: files)
            guard let directory = try? work.open(makes: false),
                (try? directory.removeDirectory(place.folders[count - 1])) == true
            else { return }
        }
    }

    private func doing<T: ~Copyable>(
        _ action: @autoclosure () -> String, isOfRoot: Bool = false, _ body: () throws(Errno) -> T
    ) throws(FolderFailure) -> T {
        do throws(Errno) { return try body() } catch {
            throw FolderFailure(error, action(), isOfRoot: isOfRoot)
        }
    }
}
