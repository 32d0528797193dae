internal import LinuxSystem
internal import Uploads

/// What a start has found in the journal and not finished with.
struct JournalLeft {
    /// Greater than that of every batch before.
    var nextNumber: Int64 = 1
    /// Of each segment.
    var use = Array(repeating: SegmentUse(), count: JournalLimits.segments)

    var isNothing: Bool { use.allSatisfy { $0.phase == .free } }
}

/// Writes the files again that were only in the journal for sure when the machine stopped. Part of the start, before
/// anybody looks at a file.
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
/// That is after a loss of power. Where only the process had ended, the page cache still has every file as it was left,
/// by the server or since then by its owner: none is written, and the journal's thread syncs them in peace.
///
/// A crash while this runs changes nothing: a segment's head is written only when all files are synced. Where it fails
/// (on a full disk, say), the start goes on without the journal, and the journal's thread tries again; files that are
/// not written yet are awaited until then (`AwaitedFiles`). One that cannot be written is alone in that: the others of
/// its segment are written, synced, and had again.
struct JournalReplay {
    let files: StoreFiles
    let connection: SQLiteConnection
    /// That of this run.
    let cache: PageCacheID?

    /// A segment whose files were written again.
    private struct Part {
        let index: Int
        let segment: JournalSegment
        let restored: [SmallFile]
        let failures: [(file: SmallFile, failure: StorageError)]
    }

    /// The uploads whose files it would write. Changes nothing.
    func pending() throws(StorageError) -> Set<UploadID> {
        var pending: Set<UploadID> = []
        let reader = try JournalReader(files: files, connection: connection)
        for index in 0..<JournalLimits.segments {
            guard let segment = try files.journalSegment(index) else { continue }
            let content = try reader.read(segment)
            if !isReliable(content) { pending.formUnion(content.bodies.map(\.entry.id)) }
        }
        return pending
    }

    func run() -> JournalLeft {
        var left = JournalLeft()
        var parts: [Part] = []
        for index in 0..<JournalLimits.segments {
            var found: [SmallFile] = []
            do throws(StorageError) {
                let reader = try JournalReader(files: files, connection: connection)
                guard let segment = try files.journalSegment(index) else { continue }
                let content = try reader.read(segment)
                left.nextNumber = max(left.nextNumber, content.end)
                // What has no salt is read this once: its release gives it one.
                if content.bodies.isEmpty, !content.isUnsalted { continue }
                found = content.bodies.map(\.file)
                if isReliable(content) {
                    left.use[index] = SegmentUse(left: .retired, found)
                } else {
                    files.awaited.insert(found)
                    let (restored, failures) = reader.restore(content.bodies, from: segment)
                    parts.append(Part(index: index, segment: segment, restored: restored, failures: failures))
                }
            } catch { left.use[index] = failed(found, error) }
        }
        finish(parts, &left)
        return left
    }

    private func isReliable(_ content: JournalReader.Content) -> Bool { cache != nil && content.cache == cache }

    /// Syncs what was written again and takes its segments out of reach.
    private func finish(_ parts: [Part], _ left: inout JournalLeft) {
        if parts.isEmpty { return }
        let all = parts.flatMap(\.restored)
        do throws(StorageError) {
            try files.syncSmall(all)
            files.awaited.remove(all)
            if !all.isEmpty { files.report(.replayed(files: all.count)) }
        } catch {
            for part in parts { left.use[part.index] = failed(part.restored + part.failures.map(\.file), error) }
            return
        }
        let next = left.nextNumber
        for part in parts {
            for (file, failure) in part.failures { files.awaited.fail(file, failure) }
            if let first = part.failures.first {
                left.use[part.index] = failed(part.failures.map(\.file), first.failure)
                continue
            }
            do throws(StorageError) {
                try doing("release a segment of the journal") { () throws(Errno) in
                    try part.segment.release(first: next)
                }
            } catch { left.use[part.index] = SegmentUse(left: .retired, part.restored, error) }
        }
    }

    private func failed(_ found: [SmallFile], _ error: StorageError) -> SegmentUse {
        files.report(.replayFailed(error))
        return SegmentUse(left: .doubtful, found, error)
    }
}
