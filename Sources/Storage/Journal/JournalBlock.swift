internal import LinuxSystem
internal import Uploads

/// The two kinds of blocks that are not bodies. Numbers are little-endian; the last eight bytes of a block are a sum
/// over the rest.
///
/// | bytes     | head of a segment             | head of a batch                                 |
/// |-----------|-------------------------------|-------------------------------------------------|
/// | 0 ..< 8   | `SLUICEJS`                    | `SLUICEJB`                                      |
/// | 8 ..< 16  | the number of its first batch | the batch's number                              |
/// | 16 ..< 24 | 0                             | how many bodies                                 |
/// | from 24   | zeros                         | for each body: id (two words), length in bytes  |
///
/// A segment is its head and then batches with consecutive numbers; what follows the last one that fits is of an
/// earlier round. A batch is its head and its bodies, each from a block's start on.
enum JournalBlock {
    static let segmentMark: UInt64 = 0x534A_4543_4955_4C53
    static let batchMark: UInt64 = 0x424A_4543_4955_4C53

    /// One body of a batch.
    struct Entry: Equatable {
        let id: UploadID
        /// Bytes.
        let length: Int
    }

    /// Bytes from a body's start to the next one's.
    static func span(_ length: Int) -> Int {
        (length + JournalLimits.blockBytes - 1) / JournalLimits.blockBytes * JournalLimits.blockBytes
    }

    static func writeSegmentHead(_ memory: UnsafeMutableRawPointer, first: Int64) {
        write(memory, [segmentMark, UInt64(first), 0])
    }

    static func writeBatchHead(_ memory: UnsafeMutableRawPointer, number: Int64, _ entries: [Entry]) {
        var words = [batchMark, UInt64(number), UInt64(entries.count)]
        for entry in entries { words += [entry.id.high, entry.id.low, UInt64(entry.length)] }
        write(memory, words)
    }

    /// The number of a segment's first batch; nil for anything else.
    static func segmentFirst(_ memory: UnsafeRawPointer) -> Int64? {
        guard isWhole(memory), word(memory, 0) == segmentMark else { return nil }
        return Int64(exactly: word(memory, 1))
    }

    /// The bodies of the batch of that number; nil for anything else.
    static func entries(_ memory: UnsafeRawPointer, number: Int64) -> [Entry]? {
        guard isWhole(memory), word(memory, 0) == batchMark, word(memory, 1) == UInt64(number),
            let count = Int(exactly: word(memory, 2)), count <= JournalLimits.bodiesPerBatchMax
        else { return nil }
        var entries: [Entry] = []
        for index in 0..<count {
            guard let length = Int(exactly: word(memory, 5 + 3 * index)), length <= StorageLimits.smallBytesMax else {
                return nil
            }
            let id = UploadID(high: word(memory, 3 + 3 * index), low: word(memory, 4 + 3 * index))
            entries.append(Entry(id: id, length: length))
        }
        return entries
    }

    private static let words = JournalLimits.blockBytes / 8

    private static func write(_ memory: UnsafeMutableRawPointer, _ head: [UInt64]) {
        for index in 0..<words - 1 {
            let value = index < head.count ? head[index] : 0
            memory.storeBytes(of: value.littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
        memory.storeBytes(of: sum(memory).littleEndian, toByteOffset: (words - 1) * 8, as: UInt64.self)
    }

    private static func isWhole(_ memory: UnsafeRawPointer) -> Bool { word(memory, words - 1) == sum(memory) }

    private static func word(_ memory: UnsafeRawPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: memory.load(fromByteOffset: index * 8, as: UInt64.self))
    }

    /// Tells a block that was written only in part from a whole one (FNV-1a, by words).
    private static func sum(_ memory: UnsafeRawPointer) -> UInt64 {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<words - 1 { sum = (sum ^ word(memory, index)) &* 0x100_0000_01B3 }
        return sum
    }
}
