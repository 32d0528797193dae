internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// How a segment is freed, on the journal's thread.
extension Journal {
    /// Syncs the files of a segment, and takes its batches out of reach.
    func release(_ index: Int) {
        let (use, next) = state.withLock { ($0.use[index], $0.nextNumber) }
        do throws(StorageError) { try files.syncSmall(use.files) } catch {
            // What was not written may be lost from memory too. The next start must know, if it finds that memory.
            try? files.journalSegment(index)?.doubtFiles()
            return change { $0.doubt(index, error, nowNanoseconds: SystemClock.monotonicNanoseconds) }
        }
        do throws(StorageError) {
            if use.isLeft { try rewriteLost(index) }
            try release(index, next: next)
        } catch .closed {
            // The next start takes it up again.
            state.withLock { $0.postpone(index, nowNanoseconds: SystemClock.monotonicNanoseconds) }
        } catch {
            change { $0.releaseFailed(index, error, nowNanoseconds: SystemClock.monotonicNanoseconds) }
        }
    }

    private func release(_ index: Int, next: Int64) throws(StorageError) {
        let segment = try files.journalSegment(index)
        try doing("release a segment of the journal in \(path)") { () throws(Errno) in
            try segment?.release(first: next)
        }
        change { $0.released(index, next: next) }
    }

    /// Writes those files again that memory shows and the disk does not have.
    ///
    /// Another run wrote them, and the sync was this one's: of what the disk has refused before, it tells nothing that
    /// was told already, to that run or to another program. Nor need the mark of that run be there (`doubtFiles`):
    /// it goes to the same disk.
    private func rewriteLost(_ index: Int) throws(StorageError) {
        guard let segment = try files.journalSegment(index) else { return }
        let reader = try makeReader()
        var rewritten: [SmallFile] = []
        for body in try reader.read(segment).bodies {
            // On a disk that seeks it takes longer than a stop may.
            if state.withLock({ $0.isStopping }) { throw .closed }
            guard try reader.isLost(body, from: segment) else { continue }
            guard let token = table.claimAtRest(body.entry.id) else { throw .superseded }
            defer { table.release(body.entry.id, token) }
            guard try reader.vouches(for: body) else { continue }
            try reader.restore(body, from: segment)
            rewritten.append(body.file)
        }
        if rewritten.isEmpty { return }
        try files.syncSmall(rewritten)
        files.report(.replayed(files: rewritten.count))
    }

    private func makeReader() throws(StorageError) -> JournalReader {
        let connection = try files.openCatalogue("\(path)/\(LocalStore.catalogueName)")
        return try JournalReader(files: files, connection: connection)
    }

    /// Writes the files of a segment again, those that are still as they were delivered, and then releases it. What
    /// cannot be written, or is held by somebody, keeps the segment for another attempt, and no other file from being
    /// had.
    func restore(_ index: Int) {
        do throws(StorageError) {
            let use = state.withLock { $0.use[index] }
            var (restored, settled): ([SmallFile], [SmallFile]) = ([], [])
            var (left, failure): ([SmallFile], StorageError?) = ([], nil)
            var end: Int64 = 0
            if let segment = try files.journalSegment(index) {
                let reader = try makeReader()
                let content = try reader.read(segment)
                end = content.end
                for body in content.bodies where use.awaits(body.file) {
                    do throws(StorageError) {
                        let isWritten = try restore(body, from: segment, reader, use)
                        if isWritten ?? false { restored.append(body.file) }
                        if isWritten == nil { left.append(body.file) } else { settled.append(body.file) }
                    } catch {
                        left.append(body.file)
                        files.awaited.fail(body.file, error)
                        failure = failure ?? error
                    }
                }
                try files.syncSmall(restored)
                files.awaited.remove(settled)
            }
            if !restored.isEmpty || left.isEmpty { files.report(.replayed(files: restored.count)) }
            // What somebody holds has time.
            if !left.isEmpty {
                change { [left] in $0.use[index].keep(left) }
                throw failure ?? use.failure ?? .superseded
            }
            try release(index, next: max(end, state.withLock { $0.nextNumber }))
        } catch {
            change { $0.releaseFailed(index, error, nowNanoseconds: SystemClock.monotonicNanoseconds) }
        }
    }

    /// Answers whether the file was written; nil while somebody holds the upload.
    private func restore(
        _ body: JournalBody, from segment: JournalSegment, _ reader: JournalReader, _ use: SegmentUse
    ) throws(StorageError) -> Bool? {
        let id = body.entry.id
        guard let token = table.claimAtRest(id) else { return nil }
        defer { table.release(id, token) }
        guard try reader.vouches(for: body) else { return false }
        if let end = use.endNanoseconds(body.number), try !files.isAsDelivered(body.file, untilNanoseconds: end) {
            return false
        }
        try reader.restore(body, from: segment)
        return true
    }
}
