import TestSupport
import Uploads

/// Bytes that depend on the upload and on the position, so that a misplaced or stale one is seen.
enum Pattern {
    /// A prime, so that no misplacement by whole blocks goes unseen.
    private static let period: [UInt8] = {
        var random = SeededGenerator(seed: 1)
        return random.bytes(65_521)
    }()

    static func bytes(_ id: UploadID, _ count: Int) -> [UInt8] { bytes(id, 0..<count) }

    static func bytes(_ id: UploadID, _ range: Range<Int>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            if let start = buffer.baseAddress { fill(start, count: range.count, id, at: range.lowerBound) }
            count = range.count
        }
    }

    /// Writes the pattern's bytes from `position` on.
    static func fill(_ memory: UnsafeMutableRawPointer, count: Int, _ id: UploadID, at position: Int) {
        let start = position + Int(truncatingIfNeeded: id.low &* 977 & 0xFFFF)
        period.withUnsafeBytes { period in
            var done = 0
            while done < count {
                let phase = (start + done) % period.count
                let part = min(count - done, period.count - phase)
                (memory + done).copyMemory(from: period.baseAddress! + phase, byteCount: part)
                done += part
            }
        }
    }
}
