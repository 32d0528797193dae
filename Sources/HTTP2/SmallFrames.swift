/// Counts the DATA frames with little in them that a client sends: of those that come for streams that are over,
/// nghttp2 tells nothing, not even that they begin.
struct SmallFrames {
    /// Bytes that are not a frame's head: of the preface at first, then of frames.
    private var left = Preface.bytes.count
    /// How much of a head has come whose rest has not, …
    private var headCount = 0
    /// … and what it says: its length, and then its type.
    private var head: UInt32 = 0

    /// Goes on with what has come. Answers in how many such frames' heads end there.
    mutating func count(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        var (found, position): (Int64, Int) = (0, 0)
        while true {
            let skipped = min(left, bytes.count - position)
            position += skipped
            left -= skipped
            guard position < bytes.count else { return found }
            if headCount < 4 { head = head << 8 | UInt32(truncatingIfNeeded: bytes[position]) }
            headCount += 1
            position += 1
            guard headCount == HTTP2Limits.frameHeadBytes else { continue }
            left = Int(head >> 8)
            if head & 0xFF == 0, left < HTTP2Limits.earningBytes { found += 1 }
            (headCount, head) = (0, 0)
        }
    }
}
