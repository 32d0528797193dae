/// Counts the DATA frames with little in them that a client sends: of those that come for streams that are over,
/// nghttp2 tells nothing, not even that they begin.
struct SmallFrames {
    /// What a frame counts that brings nothing.
    static let weightOfFrame: Int64 = 20

    /// What a DATA frame of so many bytes counts where its stream is over: next to nothing if there is something in it,
    /// since a client may have had thousands under way when it ended.
    static func weight(_ length: Int) -> Int64 {
        length >= HTTP2Limits.earningBytes ? 0 : length < HTTP2Limits.crumbBytes ? weightOfFrame : 1
    }

    /// Bytes that are not a frame's head: of the preface at first, then of frames.
    private var left = Preface.bytes.count
    /// How much of a head has come whose rest has not, …
    private var headCount = 0
    /// … and what it says: its length, and then its type.
    private var head: UInt32 = 0

    /// Goes on with what has come. Answers what the frames count whose heads end there.
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
            if head & 0xFF == 0 { found += SmallFrames.weight(left) }
            (headCount, head) = (0, 0)
        }
    }
}
