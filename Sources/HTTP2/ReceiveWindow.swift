/// How much may be sent ahead, by one stream or by all of a connection: a size that follows the pace at which the bytes
/// are taken from there.
///
/// Who uses up a quarter of a window within a second would send more if he were let: the window is made as large as
/// it may be, at once, since every step on the way there would cost a round trip. Where a few seconds take little of
/// it, it is halved. So it holds what goes through in some seconds, which no round trip is longer than, and no ping has
/// to measure one. A second, not less: TCP sends no more than a quarter of the smallest window in its first round
/// trips, which are 200 ms long to the other end of the world. The room that a window stands for is memory only while
/// its bytes wait here to be taken, which a reader that keeps up does not let happen; for one who does not it stays as
/// it is.
public struct ReceiveWindow: Sendable {
    /// In bytes.
    public private(set) var size: Int
    private let least: Int
    private var most: Int
    private var taken = 0
    private var start: Int64?

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
    ///   - now: of a clock that only goes forward, in nanoseconds.
    public mutating func took(_ count: Int, keepsUp: Bool = true, now: Int64) -> Int? {
        let since = start ?? now
        if start == nil { start = now }
        taken += count
        let elapsed = now - since
        if taken >= size / 4 {
            let isFast = elapsed < HTTP2Limits.windowGrowthNanoseconds
            begin(now)
            guard isFast, keepsUp, size < most else { return nil }
            size = most
            return size
        }
        guard elapsed >= HTTP2Limits.windowShrinkNanoseconds else { return nil }
        begin(now)
        guard size > least else { return nil }
        size = max(size / 2, least)
        return size
    }

    /// Makes the window large enough for something that goes through it. Answers the new size where it changes.
    public mutating func raise(to least: Int) -> Int? {
        guard least > size, size < most else { return nil }
        size = min(least, most)
        return size
    }

    /// From here on it grows to so many bytes at most, or stays as large as it is. Answers what it can come to.
    public mutating func bound(to bytes: Int) -> Int {
        most = min(most, max(size, bytes))
        return most
    }

    private mutating func begin(_ now: Int64) {
        taken = 0
        start = now
    }
}
