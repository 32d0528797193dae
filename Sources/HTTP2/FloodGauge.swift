/// Whether a client keeps the server busy with frames that bring nothing: SETTINGS, PING, PRIORITY, WINDOW_UPDATE,
/// RST_STREAM, DATA without content, frames of types that nobody knows, and whatever makes the server reset a stream.
/// One store of credit for all of them, so that no mixture gets more than each alone: what is spent comes back with
/// time, and with content in either direction.
public struct FloodGauge: Sendable {
    private var credit = HTTP2Limits.idleFramesBurst
    private var refilled: Int64

    /// - Parameter now: of a clock that only goes forward, in nanoseconds.
    public init(now: Int64) { refilled = now }

    /// Whether the credit is used up: for ever.
    public private(set) var isFlooded = false

    /// A frame has come that brings nothing, or as much as `cost` of them.
    public mutating func spend(_ cost: Int64 = 1, now: Int64) {
        let step = 1_000_000_000 / HTTP2Limits.idleFramesPerSecond
        let earned = (now - refilled) / step
        if earned > 0 {
            refilled += earned * step
            earn(earned)
        }
        credit -= cost
        if credit < 0 { isFlooded = true }
    }

    /// Content has gone either way, a frame of it or as much as `frames`.
    public mutating func earn(_ frames: Int64) { credit = min(HTTP2Limits.idleFramesBurst, credit + frames) }
}
