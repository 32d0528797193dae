/// Whether a client keeps the server busy with frames that bring nothing: SETTINGS, PING, PRIORITY, WINDOW_UPDATE,
/// RST_STREAM, DATA without content, frames of types that nobody knows, and whatever makes the server reset a stream.
/// One store of credit for all of them, so that no mixture gets more than each alone: what is spent comes back with
/// time, and with content in either direction.
///
/// Leave for more content (WINDOW_UPDATE) is of use as long as there is content: in steps as small as a client likes to
/// read, of its stream and of its connection, and long after the content if much was under way. So content that is sent
/// pays for such frames in advance, and credit is spent where nothing does.
public struct FloodGauge: Sendable {
    private var credit = HTTP2Limits.idleFramesBurst
    private var refilled: Int64
    /// Frames that give leave and are paid for.
    private var updates: Int64 = 0
    /// What has come for what is over, in parts of a frame, since that last counted.
    private var unheard: Int64 = 0

    /// - Parameter now: of a clock that only goes forward, in nanoseconds.
    public init(now: Int64) { refilled = now }

    /// Whether more than the credit is used up, by the end of what came at once.
    public var isFlooded: Bool { credit < 0 }

    /// Whether so much more that nothing which came with it makes up for that.
    public var isExhausted: Bool { credit < -HTTP2Limits.idleFramesBurst }

    /// Time has gone by.
    public mutating func refill(now: Int64) {
        let step = 1_000_000_000 / HTTP2Limits.idleFramesPerSecond
        let earned = (now - refilled) / step
        guard earned > 0 else { return }
        refilled += earned * step
        earn(earned)
    }

    /// A frame has come that brings nothing, or as much as `cost` of them.
    public mutating func spend(_ cost: Int64 = 1) { credit -= cost }

    /// Content has gone either way, a frame of it or as much as `frames`.
    public mutating func earn(_ frames: Int64) { credit = min(HTTP2Limits.idleFramesBurst, credit + frames) }

    /// Small frames have come for what is over.
    ///
    /// - Parameter weight: as `SmallFrames` counts them.
    public mutating func spendUnheard(_ weight: Int64) {
        unheard += weight
        spend(unheard / SmallFrames.weightOfFrame)
        unheard %= SmallFrames.weightOfFrame
    }

    /// A frame has come that gives leave.
    public mutating func spendUpdate() {
        if updates > 0 { updates -= 1 } else { spend() }
    }

    /// A frame of content was sent.
    ///
    /// - Parameter isCut: whether it would have been larger if the client had given more leave.
    public mutating func sent(_ bytes: Int, isCut: Bool) {
        // Who lets an answer have a byte at a time makes each cost a frame and a write.
        if isCut, bytes < HTTP2Limits.cutBytes { return spend() }
        if bytes >= HTTP2Limits.earningBytes { earn(max(2, Int64(bytes / HTTP2Limits.earningBytes))) }
        updates = min(HTTP2Limits.updatesMax, updates + max(2, Int64(bytes / HTTP2Limits.updateBytes)))
    }
}
