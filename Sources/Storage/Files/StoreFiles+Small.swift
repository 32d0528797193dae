internal import LinuxSystem
internal import Uploads

/// Whole small files, which are synced many at a time or not at all, and the journal that stands in for them until
/// then.
extension StoreFiles {
    static let journalName = "journal"

    /// Writes a whole small file beside those of open uploads, without a sync.
    ///
    /// - Parameter modifiedNanoseconds: when it was finished, where that is some time ago: whoever looks whether it is
    ///   still what came goes by that. Nil for now.
    func writeSmall(
        _ id: UploadID, _ memory: UnsafeRawPointer, count: Int, modifiedNanoseconds: Int64? = nil
    ) throws(StorageError) {
        try doing("write upload \(id)") { () throws(Errno) in
            let file = try uploads.open(id.description, [.writeOnly, .create, .truncate, .noFollow])
            try file.write(memory, count: count, at: 0)
            if let modifiedNanoseconds { try file.setModified(nanoseconds: max(0, modifiedNanoseconds)) }
        }
        counters.add(.bufferedBytes, Int64(count))
    }

    /// Makes the directory in which a small file will stand, without a sync. Answers false where it is there already,
    /// and something may be in it.
    func makePlace(_ id: UploadID) throws(StorageError) -> Bool {
        try doing("make \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            try complete.makeDirectory(id.description)
        }
    }

    /// Whether there is a directory in which a finished file of an upload may stand.
    func hasPlace(_ id: UploadID) throws(StorageError) -> Bool {
        try doing("look at \(StoreFiles.completeName)/\(id)") { () throws(Errno) in
            try complete.modificationNanoseconds(id.description) != nil
        }
    }

    /// Moves a whole file, which is recorded as finished, to its own name in its place, without a sync.
    ///
    /// - Throws: `io` with `exists` where something has that name by now.
    func nameRecorded(_ id: UploadID, _ name: CleanName) throws(StorageError) {
        try doing("deliver upload \(id)") { () throws(Errno) in
            try admitReaders(to: id)
            let id = id.description
            try uploads.renameNew(id, to: complete, "\(id)/\(name)")
        }
    }

    /// The same for a file that is written again, over what a crash has left of it. Somebody else's directory of that
    /// name stays: the file gets another one when it is looked at.
    func renameSmall(_ id: UploadID, _ name: CleanName) throws(StorageError) {
        try doing("deliver upload \(id)") { () throws(Errno) in
            try complete.makeDirectory(id.description)
            try admitReaders(to: id)
            do throws(Errno) { try uploads.rename(id.description, to: complete, "\(id)/\(name)") } catch {
                guard error == .isDirectory else { throw error }
            }
        }
    }

    /// Takes back what was begun of a small file.
    func removeSmall(_ id: UploadID) {
        _ = try? removeData(id)
        _ = try? removeEmpty(id)
    }

    /// Puts small files and their names on stable storage, wherever they are by now; those that are gone do not matter.
    func syncSmall(_ small: [SmallFile]) throws(StorageError) {
        if small.isEmpty { return }
        let start = SystemClock.monotonicNanoseconds
        try doing("sync small files") { () throws(Errno) in
            if complete.syncsFileSystem {
                try complete.syncFileSystem()
            } else {
                for file in small { try syncSmall(file.id, file.name) }
                try complete.sync()
                try uploads.sync()
            }
        }
        counters.countSync(sinceNanoseconds: start)
    }

    /// Puts one of them on stable storage, and waits for no other one.
    func syncSmall(_ file: SmallFile) throws(StorageError) {
        let start = SystemClock.monotonicNanoseconds
        try doing("sync the file of upload \(file.id)") { () throws(Errno) in
            try syncSmall(file.id, file.name)
            try complete.sync()
            try uploads.sync()
        }
        counters.countSync(sinceNanoseconds: start)
    }

    /// Whether a small file is there, and nobody has changed it since that time of the wall clock.
    func isAsDelivered(_ file: SmallFile, untilNanoseconds end: Int64) throws(StorageError) -> Bool {
        try doing("look at the file of upload \(file.id)") { () throws(Errno) in
            var changed: Int64?
            do throws(Errno) {
                changed = try complete.directory(file.id.description).modificationNanoseconds(file.name.description)
            } catch {
                guard error == .noEntry else { throw error }
            }
            if changed == nil { changed = try uploads.modificationNanoseconds(file.id.description) }
            return changed.map { $0 <= end } ?? false
        }
    }

    /// Whether memory shows a small file with these bytes, and the disk has others, or cannot be read.
    func isLost(_ small: SmallFile, _ bytes: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
        // One byte more tells of a longer file.
        guard let buffer = AlignedBuffer(count: StorageLimits.smallBytesMax + AlignedBuffer.alignment) else {
            throw .io(.noMemory, "look at the file of upload \(small.id)")
        }
        func shows(_ file: borrowing File) throws(Errno) -> Bool {
            let found = try file.read(into: buffer.memory, count: bytes.count + 1, at: 0)
            return UnsafeRawBufferPointer(start: buffer.memory, count: found).elementsEqual(bytes)
        }
        return try doing("look at the file of upload \(small.id)") { () throws(Errno) in
            guard let file = try openSmall(small), try shows(file) else { return false }
            try file.dropCached()
            do throws(Errno) { return try !shows(file) } catch { return true }
        }
    }

    /// Opens it to be read, wherever it is by now; nil where it is gone.
    private func openSmall(_ small: SmallFile) throws(Errno) -> File? {
        do throws(Errno) {
            return try complete.directory(small.id.description).open(small.name.description, [.readOnly, .noFollow])
        } catch {
            guard error == .noEntry else { throw error }
        }
        do throws(Errno) { return try uploads.open(small.id.description, [.readOnly, .noFollow]) } catch {
            guard error == .noEntry else { throw error }
            return nil
        }
    }

    private func syncSmall(_ id: UploadID, _ name: CleanName) throws(Errno) {
        do throws(Errno) {
            let directory = try complete.directory(id.description)
            try directory.open(name.description, [.readOnly, .noFollow]).sync()
            try directory.sync()
        } catch {
            guard error == .noEntry else { throw error }
            do throws(Errno) {
                try uploads.open(id.description, [.readOnly, .noFollow]).sync()
            } catch {
                guard error == .noEntry else { throw error }
            }
        }
    }

    // MARK: The journal

    /// Makes (or opens) the segments of the journal.
    ///
    /// - Parameter direct: whether to write them past the page cache, where the file system allows that.
    /// - Throws: `noSpace` also where they would take too large a part of what is left.
    func makeJournal(segmentBytes: Int64, direct: Bool) throws(StorageError) -> [JournalSegment] {
        try doing("make the journal") { () throws(Errno) in
            if try root.makeDirectory(StoreFiles.journalName) { try root.sync() }
            let directory = try root.directory(StoreFiles.journalName)
            let needed = segmentBytes * Int64(JournalLimits.segments)
            if try directory.fileSize("\(JournalLimits.segments - 1)") != segmentBytes {
                guard try root.freeBytes() >= needed * StorageLimits.freeSpaceFactor else { throw .noSpace }
            }
            var segments: [JournalSegment] = []
            for index in 0..<JournalLimits.segments {
                segments.append(try JournalSegment.made("\(index)", in: directory, bytes: segmentBytes, direct: direct))
            }
            try directory.sync()
            return segments
        }
    }

    /// A segment as it is; nil where there is none.
    func journalSegment(_ index: Int) throws(StorageError) -> JournalSegment? {
        try doing("open the journal") { () throws(Errno) in
            do throws(Errno) {
                return try JournalSegment.found("\(index)", in: root.directory(StoreFiles.journalName))
            } catch {
                guard error == .noEntry else { throw error }
                return nil
            }
        }
    }
}
