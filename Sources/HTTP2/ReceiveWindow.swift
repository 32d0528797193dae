/// How much may be sent ahead, by one stream or by all of a connection: a size that follows the pace at which the bytes
/// are taken from there.
///
/// Who uses up a quarter of a window within a second would send more if he were let: the window becomes as large as
/// can be held here (`HTTP2Limits.windowStepBytes`), at once, since every step on the way would cost a round trip; and
/// when so much was taken that the disk has shown its pace, as large as what goes through in two seconds, which no
/// round trip is longer than, so that no ping has to measure one. A second, not less: TCP sends no more than a quarter
/// of the smallest window in its first round trips, which are 200 ms long to the other end of the world.
///
/// A window that was offered cannot be taken back, and its bytes wait here if they are not taken. So it stays as it is
/// where the reader does not keep up, and shrinks with the reader's pace; and where a few seconds take little of it,
/// it is halved.
public struct ReceiveWindow: Sendable {
    /// In bytes.
    public private(set) var size: Int
    private var least: Int
    /// What it can come to.
    public private(set) var most: Int
    private var taken = 0
    private var start: Int64?
    /// By how much the window has shrunk …
    private var reduction = 0
    /// … and for how many bytes nothing is to follow for now.
    private var stopped = 0
    /// Bytes that were taken for which nothing follows because of either.
    private var withheld = 0

    /// - Parameters:
    ///   - size: what it is at first, and at least; 1 byte or more.
    ///   - most: what it grows to.
    public init(size: Int, most: Int) {
        self.size = size
        least = size
        self.most = max(size, most)
    }

    /// Bytes were taken, so that as many may follow. Answers the new size where it changes.
    ///
    /// - Parameters:
    ///   - keepsUp: whether nothing else waits to be taken.
    ///   - proof: bytes that are more than memory takes for a disk that does not.
    ///   - now: of a clock that only goes forward, in nanoseconds.
    public mutating func took(
        _ count: Int, keepsUp: Bool = true, proof: Int = HTTP2Limits.windowProofBytes, now: Int64
    ) -> Int? {
        let since = start ?? now
        if start == nil { start = now }
        taken += count
        let elapsed = now - since
        if elapsed < HTTP2Limits.windowGrowthNanoseconds {
            let isProof = size < HTTP2Limits.windowStepBytes || taken >= proof
            guard keepsUp, isProof, taken >= size / 4 else { return nil }
            return change(to: max(size, HTTP2Limits.windowStepBytes, worth(elapsed)), now)
        }
        if !keepsUp, size > HTTP2Limits.windowStepBytes, worth(elapsed) < size {
            return change(to: max(HTTP2Limits.windowStepBytes, worth(elapsed)), now)
        }
        if taken >= size / 4 { return change(to: size, now) }
        return elapsed < HTTP2Limits.windowShrinkNanoseconds ? nil : change(to: size / 2, now)
    }

    /// What went through in so long would be so much in the time that a window is for.
    private func worth(_ elapsed: Int64) -> Int {
        guard size >= HTTP2Limits.windowStepBytes else { return 0 }
        return Int(clamping: Int64(taken) * HTTP2Limits.windowWorthNanoseconds / max(1, elapsed))
    }

    /// Of so many bytes that were taken: for how many others may follow. Fewer while the window shrinks, and more when
    /// it has grown again, which `due(0)` asks for.
    public mutating func due(_ count: Int) -> Int {
        let due = max(0, withheld + count - reduction - stopped)
        withheld += count - due
        return due
    }

    /// For so many bytes more, or fewer where negative, nothing is to follow for now, although they are taken.
    public mutating func stop(_ count: Int) { stopped += count }

    /// Makes the window large enough for something that goes through it. Answers the new size where it changes.
    public mutating func raise(to least: Int) -> Int? {
        guard least > size, size < most else { return nil }
        return resize(min(least, most))
    }

    /// From here on it has so many bytes (1 or more) at most. Answers the new size where it changes.
    public mutating func bound(to bytes: Int) -> Int? {
        most = min(most, bytes)
        least = min(least, most)
        return size > most ? resize(most) : nil
    }

    /// Counts anew, with another size if it is one.
    private mutating func change(to bytes: Int, _ now: Int64) -> Int? {
        taken = 0
        start = now
        let bounded = max(least, min(bytes, most))
        return bounded == size ? nil : resize(bounded)
    }

    private mutating func resize(_ bytes: Int) -> Int {
        reduction = max(0, reduction + size - bytes)
        size = bytes
        return bytes
    }
}
