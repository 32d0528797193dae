internal import LinuxSystem
internal import Uploads

/// Whole small files, which are synced many at a time or not at all, and the journal that stands in for them until
/// then.
extension StoreFiles {
    static let journalName = "journal"

    /// Writes a whole small file beside those of open uploads, without a sync.
    func writeSmall(_ id: UploadID, _ memory: UnsafeRawPointer, count: Int) throws(StorageError) {
        try doing("write upload \(id)") { () throws(Errno) in
            let file = try uploads.open(id.description, [.writeOnly, .create, .truncate, .noFollow])
            try file.write(memory, count: count, at: 0)
        }
        counters.count(bufferedBytes: count)
    }

    /// Moves a whole file to its own name, without a sync.
    func nameSmall(_ id: UploadID, _ name: CleanName) throws(StorageError) {
        try doing("deliver upload \(id)") { () throws(Errno) in
            let directory = id.description
            try complete.makeDirectory(directory)
            try admitReaders(to: id)
            try uploads.rename(directory, to: complete, "\(directory)/\(name)")
        }
    }

    /// Puts small files and their names on stable storage, wherever they are by now; those that are gone do not matter.
    func syncSmall(_ small: [(id: UploadID, name: CleanName)]) throws(StorageError) {
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
    /// - Throws: `noSpace` also where they would take too large a part of what is left.
    func makeJournal(segmentBytes: Int64) throws(StorageError) -> [JournalSegment] {
        try doing("make the journal") { () throws(Errno) in
            if try root.makeDirectory(StoreFiles.journalName) { try root.sync() }
            let directory = try root.directory(StoreFiles.journalName)
            let needed = segmentBytes * Int64(JournalLimits.segments)
            if try directory.fileSize("\(JournalLimits.segments - 1)") != segmentBytes {
                guard try root.freeBytes() >= needed * StorageLimits.freeSpaceFactor else { throw .noSpace }
            }
            var segments: [JournalSegment] = []
            for index in 0..<JournalLimits.segments {
                segments.append(try JournalSegment.made("\(index)", in: directory, bytes: segmentBytes))
            }
            try directory.sync()
            return segments
        }
    }

    /// The segments that a run before this one has left.
    func journalSegments() throws(StorageError) -> [JournalSegment] {
        try doing("open the journal") { () throws(Errno) in
            let directory: Directory
            do throws(Errno) { directory = try root.directory(StoreFiles.journalName) } catch {
                guard error == .noEntry else { throw error }
                return []
            }
            var segments: [JournalSegment] = []
            for index in 0..<JournalLimits.segments {
                if let segment = try JournalSegment.found("\(index)", in: directory) { segments.append(segment) }
            }
            return segments
        }
    }
}
