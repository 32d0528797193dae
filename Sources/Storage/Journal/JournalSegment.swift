internal import LinuxSystem

/// One file of the journal, of a fixed size and written over and over, so that a sync of it need not wait for the file
/// system's own journal.
final class JournalSegment: Sendable {
    let file: File
    /// Size in bytes.
    let bytes: Int64
    /// Whether it is written past the page cache: addresses, positions and lengths are whole blocks then.
    let isDirect: Bool

    private init(_ file: consuming File, bytes: Int64, isDirect: Bool) {
        self.file = file
        self.bytes = bytes
        self.isDirect = isDirect
    }

    /// Opens the segment `name`, making it if it is missing or not of that size.
    ///
    /// - Parameter direct: whether to go past the page cache where the file system allows that. It may allow it here
    ///   and refuse the first write, where its blocks are larger than ours.
    static func made(
        _ name: String, in directory: borrowing Directory, bytes: Int64, direct: Bool
    ) throws(Errno) -> JournalSegment {
        let options: File.Options = [.readWrite, .create, .noFollow]
        let file: File
        var isDirect = direct
        do throws(Errno) { file = try directory.open(name, direct ? options.union(.direct) : options) } catch {
            guard direct, error == .invalidArgument || error == .notSupported else { throw error }
            file = try directory.open(name, options)
            isDirect = false
        }
        let segment = JournalSegment(file, bytes: bytes, isDirect: isDirect)
        if try segment.file.size() != bytes { try segment.fill() }
        return segment
    }

    /// Opens a segment as it is, through the page cache; nil where there is none.
    static func found(_ name: String, in directory: borrowing Directory) throws(Errno) -> JournalSegment? {
        do throws(Errno) {
            let file = try directory.open(name, [.readWrite, .noFollow, .nonBlocking])
            guard try file.isRegular() else { throw Errno.invalidArgument }
            let bytes = try file.size()
            return JournalSegment(file, bytes: bytes, isDirect: false)
        } catch {
            guard error == .noEntry else { throw error }
            return nil
        }
    }

    /// What the head says; nil where there is none.
    func head() throws(Errno) -> JournalBlock.SegmentHead? {
        guard let block = AlignedBuffer(count: JournalLimits.blockBytes) else { throw .noMemory }
        guard try file.read(into: block.memory, count: block.count, at: 0) == block.count else { return nil }
        return JournalBlock.segmentHead(block.memory)
    }

    /// Says durably that the segment holds nothing before batch `first`, and nothing of it now.
    func release(first: Int64) throws(Errno) {
        try write(JournalBlock.SegmentHead(first: first, salt: JournalBlock.drawSalt(), cache: nil))
    }

    /// Says durably that the files of its batches are not to be relied on, also where the next start finds the same
    /// page cache.
    func doubtFiles() throws(Errno) {
        guard let head = try head(), head.cache != nil else { return }
        try write(JournalBlock.SegmentHead(first: head.first, salt: head.salt, cache: nil))
    }

    private func write(_ head: JournalBlock.SegmentHead) throws(Errno) {
        guard let block = AlignedBuffer(count: JournalLimits.blockBytes) else { throw .noMemory }
        JournalBlock.writeSegmentHead(block.memory, head)
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
