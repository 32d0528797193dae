internal import LinuxSystem
internal import Uploads

/// The two kinds of blocks that are not bodies. Numbers are little-endian; the last eight bytes of a block are a sum
/// over the rest.
///
/// | bytes         | head of a segment                                     | head of a batch                                |
/// |---------------|-------------------------------------------------------|------------------------------------------------|
/// | 0 ..< 8       | `SLUICEJS`                                            | `SLUICEJB`                                     |
/// | 8 ..< 16      | the number of its first batch                         | the batch's number                             |
/// | 16 ..< 24     | the round's salt                                      | how many bodies                                |
/// | 24 ..< 56     | the page cache (three words) and a sum over it, or 0  | for each body: id (two words), length in bytes |
/// | 56 ..< 4080   | zeros                                                 | likewise, then zeros                           |
/// | 4080 ..< 4088 | zeros                                                 | the round's salt                               |
///
/// A segment is its head and then batches with consecutive numbers; what follows the last one that fits is of an
/// earlier round. A batch is its head and its bodies, each from a block's start on.
///
/// What is of an earlier round are bodies too, as clients sent them, and one may look like the next batch's head in all
/// that can be guessed. The salt cannot: it is drawn when a segment is begun or released, and nobody is told it. The
/// catalogue's versions before 4 knew none; of them a segment has 0 there, and so have its batches.
///
/// The block's sum counts the page cache as zeros: it can be taken back alone, in one sector, and a crash in between
/// leaves a good head.
enum JournalBlock {
    static let segmentMark: UInt64 = 0x534A_4543_4955_4C53
    static let batchMark: UInt64 = 0x424A_4543_4955_4C53

    /// One body of a batch.
    struct Entry: Equatable {
        let id: UploadID
        /// Bytes.
        let length: Int
    }

    /// What the head of a segment says.
    struct SegmentHead: Equatable {
        /// The number of its first batch.
        let first: Int64
        /// What each of its batches carries; 0 in what a version without salts has written.
        let salt: UInt64
        /// Where the files of its batches were written; nil where a start must not rely on that.
        let cache: PageCacheID?
    }

    /// Bytes from a body's start to the next one's.
    static func span(_ length: Int) -> Int {
        (length + JournalLimits.blockBytes - 1) / JournalLimits.blockBytes * JournalLimits.blockBytes
    }

    static func writeSegmentHead(_ memory: UnsafeMutableRawPointer, _ head: SegmentHead) {
        write(memory, [segmentMark, UInt64(head.first), head.salt] + cacheWords(head.cache))
    }

    static func writeBatchHead(_ memory: UnsafeMutableRawPointer, number: Int64, salt: UInt64, _ entries: [Entry]) {
        var words = [batchMark, UInt64(number), UInt64(entries.count)]
        for entry in entries { words += [entry.id.high, entry.id.low, UInt64(entry.length)] }
        write(memory, words, last: salt)
    }

    /// A round's salt: unguessable, and none of before.
    static func drawSalt() -> UInt64 { max(1, Randomness.word()) }

    /// Nil for anything else than the head of a segment.
    static func segmentHead(_ memory: UnsafeRawPointer) -> SegmentHead? {
        guard word(memory, 0) == segmentMark, isWhole(memory), let first = Int64(exactly: word(memory, 1)) else {
            return nil
        }
        let words = cache.map { word(memory, $0) }
        let found = PageCacheID(boot: BootID(high: words[0], low: words[1]), mount: words[2])
        return SegmentHead(first: first, salt: word(memory, 2), cache: words == cacheWords(found) ? found : nil)
    }

    /// The bodies of the batch of that number in the round of that salt; nil for anything else.
    static func entries(_ memory: UnsafeRawPointer, number: Int64, salt: UInt64) -> [Entry]? {
        guard word(memory, 0) == batchMark, word(memory, words - 2) == salt, isWhole(memory),
            word(memory, 1) == UInt64(number),
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
    /// The words of a segment's head that name the page cache.
    private static let cache = 3..<7

    private static func cacheWords(_ cache: PageCacheID?) -> [UInt64] {
        guard let cache else { return [0, 0, 0, 0] }
        let named = [cache.boot.high, cache.boot.low, cache.mount]
        return named + [named.reduce(offset, mixed)]
    }

    private static func write(_ memory: UnsafeMutableRawPointer, _ head: [UInt64], last: UInt64 = 0) {
        for index in 0..<words - 2 {
            let value = index < head.count ? head[index] : 0
            memory.storeBytes(of: value.littleEndian, toByteOffset: index * 8, as: UInt64.self)
        }
        memory.storeBytes(of: last.littleEndian, toByteOffset: (words - 2) * 8, as: UInt64.self)
        memory.storeBytes(of: sum(memory).littleEndian, toByteOffset: (words - 1) * 8, as: UInt64.self)
    }

    private static func isWhole(_ memory: UnsafeRawPointer) -> Bool { word(memory, words - 1) == sum(memory) }

    private static func word(_ memory: UnsafeRawPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: memory.load(fromByteOffset: index * 8, as: UInt64.self))
    }

    /// Tells a block that was written only in part from a whole one (FNV-1a, by words).
    private static func sum(_ memory: UnsafeRawPointer) -> UInt64 {
        let skipped = word(memory, 0) == segmentMark ? cache : 0..<0
        var sum = offset
        for index in 0..<words - 1 { sum = mixed(sum, skipped.contains(index) ? 0 : word(memory, index)) }
        return sum
    }

    private static let offset: UInt64 = 0xCBF2_9CE4_8422_2325

    private static func mixed(_ sum: UInt64, _ word: UInt64) -> UInt64 { (sum ^ word) &* 0x100_0000_01B3 }
}
