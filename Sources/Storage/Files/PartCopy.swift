internal import LinuxSystem
internal import Uploads

/// Copies bytes of one data file into another one, past the page cache where the file system allows that: so it costs
/// little of the processor, and pushes nobody's memory out. On a disk thread.
struct PartCopy: ~Copyable {
    private let id: UploadID
    private let source: DeliveredFile
    /// Whether reads go past the page cache, and so begin and end on blocks.
    private let isDirect: Bool
    private let target: DataFile
    private let files: StoreFiles
    /// The first half is for what is read, as it lies in the source; the other half for the same as it is to lie in the
    /// target.
    private let buffer: AlignedBuffer

    private static let pieceBytes = 4 << 20
    /// A piece, and what there may be of the blocks at both of its ends.
    private static let halfBytes = pieceBytes + 2 * AlignedBuffer.alignment

    private init(
        _ id: UploadID, _ source: DeliveredFile, isDirect: Bool, to target: DataFile, files: StoreFiles,
        _ buffer: consuming AlignedBuffer
    ) {
        self.id = id
        self.source = source
        self.isDirect = isDirect
        self.target = target
        self.files = files
        self.buffer = buffer
    }

    /// Opens the part, whose length in bytes is checked, and takes the memory that a copy needs.
    static func of(
        _ id: UploadID, length: Int64, to target: DataFile, files: StoreFiles
    ) throws(StorageError) -> PartCopy {
        let direct = files.usesDirectIO ? try? files.openPart(id, length: length, isDirect: true) : nil
        let source: DeliveredFile
        if let direct { source = direct } else { source = try files.openPart(id, length: length) }
        guard let buffer = AlignedBuffer(count: 2 * halfBytes) else {
            throw .io(.noMemory, "copy \(files.dataPath(id))")
        }
        return PartCopy(id, source, isDirect: direct != nil, to: target, files: files, buffer)
    }

    /// Copies `count` bytes at `start` of the part to `position` of the target; `check` may end it between two pieces.
    func run(
        from start: Int64, count: Int64, at position: Int64, check: () throws(StorageError) -> Void
    ) throws(StorageError) {
        var done: Int64 = 0
        while done < count {
            try check()
            // Pieces end on a multiple of their size in the target, so that all but the first and the last are blocks.
            let (from, to) = (start + done, position + done)
            let room = Int64(PartCopy.pieceBytes) - to % Int64(PartCopy.pieceBytes)
            let piece = Int(min(count - done, room))
            try copy(piece, from: from, to: to)
            done += Int64(piece)
        }
    }

    private func copy(_ count: Int, from: Int64, to: Int64) throws(StorageError) {
        let block = AlignedBuffer.alignment
        // Memory, source and target agree modulo a block, or the bytes are moved in between.
        let (gap, targetGap) = (Int(from % Int64(block)), Int(to % Int64(block)))
        let wanted = isDirect ? (gap + count + block - 1) / block * block : gap + count
        let found = try doing("read \(files.dataPath(id))") { () throws(Errno) in
            try source.file.read(into: buffer.memory, count: wanted, least: gap + count, at: from - Int64(gap))
        }
        guard found >= gap + count else { throw .damaged(id) }
        var bytes = UnsafeRawPointer(buffer.memory + gap)
        if gap != targetGap {
            let shifted = buffer.memory + PartCopy.halfBytes + targetGap
            shifted.copyMemory(from: bytes, byteCount: count)
            bytes = UnsafeRawPointer(shifted)
        }
        var end = to
        try doing("write a copy of \(files.dataPath(id))") { () throws(Errno) in
            try target.write(bytes, count: count, at: to, end: &end)
        }
    }
}
