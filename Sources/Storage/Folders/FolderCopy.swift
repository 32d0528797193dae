internal import LinuxSystem

/// A file on its way to another file system, some of it at a time. On disk threads, one after another.
final class FolderCopy: Sendable {
    let source: DeliveredFile
    let target: File

    init(_ source: DeliveredFile, to target: consuming File) {
        self.source = source
        self.target = target
    }

    /// Copies up to `StorageLimits.folderStepBytes` from an offset on, and has them written, so that they push nobody's
    /// memory out. Answers where the next step begins: nil behind the last one.
    func step(from start: Int64) throws(Errno) -> Int64? {
        guard let buffer = AlignedBuffer(count: StorageLimits.importPieceBytes) else { throw .noMemory }
        let end = min(source.size, start + StorageLimits.folderStepBytes)
        var done = start
        while done < end {
            let count = Int(min(end - done, Int64(StorageLimits.importPieceBytes)))
            let found = try source.file.read(into: buffer.memory, count: count, at: done)
            // Somebody cuts it: whoever looks at it in the end sees that.
            if found == 0 { return nil }
            try target.write(buffer.memory, count: found, at: done)
            done += Int64(found)
        }
        if end < source.size || start > 0 {
            try target.syncData()
            try? target.dropCached()
            try? source.file.dropCached()
        }
        return done < source.size ? done : nil
    }
}
