internal import LinuxSystem
internal import Synchronization

/// The open data file of one append. One write at a time; a sync may run beside it.
final class DataFile: Sendable {
    private let name: String
    private let files: StoreFiles
    private let buffered: File
    /// The same file opened for direct I/O, once a write was large enough for it. Only the writer takes this lock.
    private let direct = Mutex<File?>(nil)

    init(_ buffered: consuming File, name: String, files: StoreFiles) {
        self.buffered = buffered
        self.name = name
        self.files = files
    }

    /// Writes `count` bytes at `position`; `memory` and `position` agree modulo `AlignedBuffer.alignment`.
    ///
    /// A large write is split: the ragged head up to the next block and the ragged tail go through the page cache, the
    /// blocks between past it. So no block is ever written both ways at a time: the block of a tail is completed by
    /// the head of the next write.
    ///
    /// - Parameter end: moved to the end of what is completely written, also when a piece fails.
    func write(_ memory: UnsafeRawPointer, count: Int, at position: Int64, end: inout Int64) throws(Errno) {
        let block = AlignedBuffer.alignment
        let head = min(count, (block - Int(position % Int64(block))) % block)
        let middle = (count - head) / block * block
        guard middle >= StorageLimits.directBytesMin, files.usesDirectIO else {
            return try writeBuffered(memory, count: count, at: position, end: &end)
        }
        try writeBuffered(memory, count: head, at: position, end: &end)
        try writeDirect(memory + head, count: middle, at: position + Int64(head), end: &end)
        let tail = count - head - middle
        try writeBuffered(memory + (head + middle), count: tail, at: position + Int64(head + middle), end: &end)
    }

    /// Makes the first bytes of another file appear at `offset`, sharing its blocks.
    func clone(_ source: borrowing File, length: Int64, at offset: Int64) throws(Errno) -> File.Cloning {
        try buffered.clone(source, length: length, at: offset)
    }

    /// Reserves blocks from the end of the file on; a file system that cannot does not matter.
    func reserve(offset: Int64, length: Int64) throws(Errno) {
        do throws(Errno) {
            try buffered.reserve(offset: offset, length: length)
        } catch {
            guard error == .notSupported || error == .invalidArgument else {
                // A file system that has not all of it may have taken what there was, and nobody else could write.
                try? buffered.truncate(to: offset)
                throw error
            }
        }
    }

    /// Cuts the file, and gives back blocks that were reserved beyond.
    func truncate(to length: Int64) throws(Errno) { try buffered.truncate(to: length) }

    /// Waits until all that was written is on stable storage; after a failure the file's unsynced bytes are lost.
    func sync() throws(Errno) {
        guard files.durability == .power else { return }
        let start = SystemClock.monotonicNanoseconds
        try buffered.syncData()
        files.counters.countSync(sinceNanoseconds: start)
    }

    private func writeBuffered(
        _ memory: UnsafeRawPointer, count: Int, at position: Int64, end: inout Int64
    ) throws(Errno) {
        guard count > 0 else { return }
        try buffered.write(memory, count: count, at: position)
        end = position + Int64(count)
        files.counters.add(.bufferedBytes, Int64(count))
    }

    private func writeDirect(
        _ memory: UnsafeRawPointer, count: Int, at position: Int64, end: inout Int64
    ) throws(Errno) {
        do throws(Errno) {
            try direct.withLock { file throws(Errno) in
                if file == nil { file = try files.openDirect(name) }
                try file!.write(memory, count: count, at: position)
            }
        } catch {
            guard error == .invalidArgument || error == .notSupported else { throw error }
            files.refuseDirectIO(error)
            return try writeBuffered(memory, count: count, at: position, end: &end)
        }
        end = position + Int64(count)
        files.counters.add(.directBytes, Int64(count))
    }
}
