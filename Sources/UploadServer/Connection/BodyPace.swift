/// How long a body may keep the server waiting: so long without a byte, and so long for a certain number of them.
///
/// Only the time spent waiting for the client counts, so nobody is blamed for a slow disk. A window of waiting ends
/// when its bytes have come, however soon; so a body may pause within one, and no single sleep decides.
struct BodyPace {
    private let patience: Int64
    private let window: Int64
    private let windowBytes: Int64
    /// Waited since the last byte.
    private var silence: Int64 = 0
    /// Waited in this window.
    private var waited: Int64 = 0
    /// Bytes that had come when last looked at, and when this window began.
    private var lastReceived: Int64 = 0
    private var windowStart: Int64 = 0

    /// - Parameters:
    ///   - idleNanoseconds: the longest silence.
    ///   - minimumRate: bytes a second, on average over a window of waiting; 0 for no such bound.
    ///   - windowNanoseconds: a millisecond or more.
    init(idleNanoseconds: Int64, minimumRate: Int64, windowNanoseconds: Int64) {
        patience = idleNanoseconds
        window = windowNanoseconds
        windowBytes = minimumRate * (windowNanoseconds / 1_000_000) / 1000
    }

    /// For how many nanoseconds the client may be waited for now, `received` bytes having come in all.
    mutating func allowance(received: Int64) -> Int64 {
        if received != lastReceived {
            silence = 0
            lastReceived = received
        }
        if received - windowStart >= windowBytes {
            waited = 0
            windowStart = received
        }
        let rest = windowBytes > 0 ? window - waited : .max
        return max(0, min(patience - silence, rest))
    }

    /// The client was waited for.
    mutating func spent(nanoseconds: Int64) {
        silence += nanoseconds
        waited += nanoseconds
    }

    /// Whether a window has passed without its bytes.
    var isTooSlow: Bool { windowBytes > 0 && waited >= window }
}
