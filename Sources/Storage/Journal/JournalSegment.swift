internal import LinuxSystem

/// One file of the journal, of a fixed size and written over and over, so that a sync of it need not wait for the file
/// system's own journal.
final class JournalSegment: Sendable {
    let file: File
    /// Size in bytes.
    let bytes: Int64

    private init(_ file: consuming File, bytes: Int64) {
        self.file = file
        self.bytes = bytes
    }

    /// Opens the segment `name`, past the page cache where the file system allows that, making it if it is missing or
    /// not of that size.
    static func made(_ name: String, in directory: borrowing Directory, bytes: Int64) throws(Errno) -> JournalSegment {
        let options: File.Options = [.readWrite, .create, .noFollow]
        let file: File
        do throws(Errno) { file = try directory.open(name, options.union(.direct)) } catch {
            guard error == .invalidArgument || error == .notSupported else { throw error }
            file = try directory.open(name, options)
        }
        let segment = JournalSegment(file, bytes: bytes)
        if try segment.file.size() != bytes { try segment.fill() }
        return segment
    }

    /// Opens a segment that a run before this one has left, to read it.
    static func found(_ name: String, in directory: borrowing Directory) throws(Errno) -> JournalSegment? {
        do throws(Errno) {
            let file = try directory.open(name, [.readWrite, .noFollow])
            let bytes = try file.size()
            return JournalSegment(file, bytes: bytes)
        } catch {
            guard error == .noEntry else { throw error }
            return nil
        }
    }

    /// Says durably that the segment holds nothing before batch `first`.
    func release(first: Int64) throws(Errno) {
        guard let block = AlignedBuffer(count: JournalLimits.blockBytes) else { throw .noMemory }
        JournalBlock.writeSegmentHead(block.memory, first: first)
        try file.write(block.memory, count: block.count, at: 0)
        try file.syncData()
    }

    /// Reserves all of its blocks. In the first round each sync also waits for the file system's own journal, which
    /// takes note that they are written now; later ones do not.
    private func fill() throws(Errno) {
        do throws(Errno) {
            try file.truncate(to: 0)
            do throws(Errno) { try file.reserve(offset: 0, length: bytes) } catch {
                guard error == .notSupported || error == .invalidArgument else { throw error }
            }
            try file.truncate(to: bytes)
            try file.sync()
        } catch {
            try? file.truncate(to: 0)
            throw error
        }
    }
}
