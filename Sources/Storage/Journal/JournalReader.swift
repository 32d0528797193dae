internal import LinuxSystem
internal import Uploads

/// A body in a segment for which a row vouches.
struct JournalBody {
    /// In bytes from the segment's start.
    let position: Int64
    let entry: JournalBlock.Entry
    /// The number of its batch.
    let number: Int64
    let name: CleanName
    /// When the file was finished, in nanoseconds since 1970.
    let finishedNanoseconds: Int64

    var file: SmallFile { SmallFile(id: entry.id, name: name) }
}

/// Reads segments, and puts files where their rows say that they are. Confined to the connection's thread.
struct JournalReader {
    /// What a segment has.
    struct Content {
        var bodies: [JournalBody] = []
        /// The number behind its last batch.
        var end: Int64 = 1
        var cache: PageCacheID?
        /// Whether a version has written it whose batches carry no salt.
        var isUnsalted = false
    }

    private let files: StoreFiles
    private let row: SQLiteStatement

    init(files: StoreFiles, connection: SQLiteConnection) throws(StorageError) {
        self.files = files
        row = try connection.prepare(
            """
            SELECT finished_name, finished_length, finished_at FROM uploads
            WHERE id = ?1 AND journal = ?2 AND state = 1 AND cleanup != 1
            """)
    }

    func read(_ segment: JournalSegment) throws(StorageError) -> Content {
        guard let block = AlignedBuffer(count: JournalLimits.blockBytes) else {
            throw .io(.noMemory, "read the journal")
        }
        guard try read(segment, block, at: 0), let head = JournalBlock.segmentHead(block.memory) else {
            return Content()
        }
        var content = Content(end: head.first, cache: head.cache, isUnsalted: head.salt == 0)
        var position = Int64(block.count)
        while try read(segment, block, at: position),
            let entries = JournalBlock.entries(block.memory, number: content.end, salt: head.salt)
        {
            position += Int64(block.count)
            for entry in entries {
                if let (name, finished) = try vouched(entry, in: content.end) {
                    content.bodies.append(
                        JournalBody(
                            position: position, entry: entry, number: content.end, name: name,
                            finishedNanoseconds: finished))
                }
                position += Int64(JournalBlock.span(entry.length))
            }
            content.end += 1
        }
        return content
    }

    /// Whether its row still says that the file is that body.
    func vouches(for body: JournalBody) throws(StorageError) -> Bool {
        try vouched(body.entry, in: body.number)?.name == body.name
    }

    /// Whether memory shows the file as this body, and the disk has something else.
    ///
    /// What memory shows as something else counts as its owner's.
    func isLost(_ body: JournalBody, from segment: JournalSegment) throws(StorageError) -> Bool {
        let buffer = try bytes(of: body, from: segment)
        return try files.isLost(body.file, UnsafeRawBufferPointer(start: buffer.memory, count: body.entry.length))
    }

    /// Writes files anew, each that can be, and answers why the others cannot.
    func restore(
        _ bodies: [JournalBody], from segment: JournalSegment
    ) -> (restored: [SmallFile], failures: [(file: SmallFile, failure: StorageError)]) {
        var restored: [SmallFile] = []
        var failures: [(file: SmallFile, failure: StorageError)] = []
        for body in bodies {
            do throws(StorageError) {
                try restore(body, from: segment)
                restored.append(body.file)
            } catch { failures.append((body.file, error)) }
        }
        return (restored, failures)
    }

    /// Writes the file anew and gives it its name, without a sync.
    func restore(_ body: JournalBody, from segment: JournalSegment) throws(StorageError) {
        let buffer = try bytes(of: body, from: segment)
        try files.writeSmall(
            body.entry.id, buffer.memory, count: body.entry.length, modifiedNanoseconds: body.finishedNanoseconds)
        try files.renameSmall(body.entry.id, body.name)
    }

    private func bytes(of body: JournalBody, from segment: JournalSegment) throws(StorageError) -> AlignedBuffer {
        guard let buffer = AlignedBuffer(count: StorageLimits.smallBytesMax) else {
            throw .io(.noMemory, "read the journal")
        }
        let length = body.entry.length
        let found = try doing("read the journal") { () throws(Errno) in
            try segment.file.read(into: buffer.memory, count: length, at: body.position)
        }
        guard found == length else { throw .io(.io, "read the journal: it is shorter than it was") }
        return buffer
    }

    private func vouched(
        _ entry: JournalBlock.Entry, in number: Int64
    ) throws(StorageError) -> (name: CleanName, finishedNanoseconds: Int64)? {
        defer { row.reset() }
        try row.bind(1, entry.id.high, entry.id.low)
        try row.bind(2, number)
        guard try row.step(), let name = row.text(0), row.integer(1) == entry.length else { return nil }
        return (CleanName(name), CatalogueRow.nanoseconds(row.integer(2)))
    }

    private func read(
        _ segment: JournalSegment, _ buffer: borrowing AlignedBuffer, at position: Int64
    ) throws(StorageError) -> Bool {
        try doing("read the journal") { () throws(Errno) in
            try segment.file.read(into: buffer.memory, count: buffer.count, at: position) == buffer.count
        }
    }
}
