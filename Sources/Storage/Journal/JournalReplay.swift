internal import LinuxSystem
internal import Uploads

/// Writes the files again that were only in the journal for sure when the process or the machine stopped. Part of the
/// start, before anybody looks at a file.
///
/// | crash after                          | row            | what the start does                                     |
/// |--------------------------------------|----------------|---------------------------------------------------------|
/// | the batch is written, in part or all | none, or open  | nothing: the row does not name the batch                |
/// | the file is in `uploads`             | none, or open  | the sweep removes it                                    |
/// | the record is committed              | finished, n    | the file is written from batch n and named              |
/// | the file has its name                | finished, n    | the same once more, over what the crash has left of it  |
/// | the files are synced                 | finished, n    | the same, where the segment's head is not yet written   |
/// | the segment's head is written        | finished, n    | nothing: its batches are out of reach                   |
///
/// A crash while this runs changes nothing: a segment's head is written only when all files are synced.
struct JournalReplay {
    let files: StoreFiles
    let connection: SQLiteConnection

    private struct Body {
        let position: Int64
        let entry: JournalBlock.Entry
        let name: CleanName
    }

    /// The uploads whose files it would write. Changes nothing.
    func pending() throws(StorageError) -> Set<UploadID> {
        var pending: Set<UploadID> = []
        for segment in try files.journalSegments() {
            for body in try read(segment).0 { pending.insert(body.entry.id) }
        }
        return pending
    }

    /// Answers the number of the next batch, greater than any that was ever used.
    func run() throws(StorageError) -> Int64 {
        var next: Int64 = 1
        var segments: [JournalSegment] = []
        var restored: [(id: UploadID, name: CleanName)] = []
        for segment in try files.journalSegments() {
            let (bodies, end) = try read(segment)
            for body in bodies {
                try restore(body, from: segment)
                restored.append((body.entry.id, body.name))
            }
            next = max(next, end)
            segments.append(segment)
        }
        if !restored.isEmpty {
            try files.syncSmall(restored)
            files.report(.replayed(files: restored.count))
        }
        for segment in segments where segment.bytes >= JournalLimits.blockBytes {
            try doing("release a segment of the journal") { () throws(Errno) in try segment.release(first: next) }
        }
        return next
    }

    /// The bodies for which a row vouches, and the number behind the last batch.
    private func read(_ segment: JournalSegment) throws(StorageError) -> ([Body], Int64) {
        guard let block = AlignedBuffer(count: JournalLimits.blockBytes) else {
            throw .io(.noMemory, "read the journal")
        }
        guard try read(segment, block, at: 0), var number = JournalBlock.segmentFirst(block.memory) else {
            return ([], 1)
        }
        let row = try connection.prepare(
            """
            SELECT finished_name, finished_length FROM uploads
            WHERE id = ?1 AND journal = ?2 AND state = 1 AND cleanup != 1
            """)
        var bodies: [Body] = []
        var position = Int64(block.count)
        while try read(segment, block, at: position), let entries = JournalBlock.entries(block.memory, number: number) {
            position += Int64(block.count)
            for entry in entries {
                defer { row.reset() }
                try row.bind(1, entry.id.high, entry.id.low)
                try row.bind(2, number)
                if try row.step(), let name = row.text(0), row.integer(1) == entry.length {
                    bodies.append(Body(position: position, entry: entry, name: CleanName(name)))
                }
                position += Int64(JournalBlock.span(entry.length))
            }
            number += 1
        }
        return (bodies, number)
    }

    private func read(
        _ segment: JournalSegment, _ buffer: borrowing AlignedBuffer, at position: Int64
    ) throws(StorageError) -> Bool {
        try doing("read the journal") { () throws(Errno) in
            try segment.file.read(into: buffer.memory, count: buffer.count, at: position) == buffer.count
        }
    }

    private func restore(_ body: Body, from segment: JournalSegment) throws(StorageError) {
        guard let buffer = AlignedBuffer(count: StorageLimits.smallBytesMax) else {
            throw .io(.noMemory, "read the journal")
        }
        let length = body.entry.length
        let found = try doing("read the journal") { () throws(Errno) in
            try segment.file.read(into: buffer.memory, count: length, at: body.position)
        }
        guard found == length else { throw .io(.io, "read the journal: it is shorter than it was") }
        try files.writeSmall(body.entry.id, buffer.memory, count: length)
        try files.nameSmall(body.entry.id, body.name)
    }
}
