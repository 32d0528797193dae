/// Names one watch of one loop for as long as that watch lives: a slot and the slot's generation.
///
/// It travels through epoll and between threads. When the slot has been given to another watch in between (descriptor
/// numbers are reused at once), the generation differs and the late event or interrupt falls on nobody.
public struct EventToken: Hashable, Sendable {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(slot: Int, generation: UInt32) { rawValue = UInt64(slot) << 32 | UInt64(generation) }

    var slot: Int { Int(rawValue >> 32) }
    var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

    /// The loop's own eventfd.
    static let wakeUp = EventToken(rawValue: .max)
}
