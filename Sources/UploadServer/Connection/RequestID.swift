internal import LinuxSystem
internal import Synchronization

/// Names one request in the logs of all servers that ever ran: a random start, then counted.
struct RequestID: CustomStringConvertible, Sendable {
    /// Another one for each request.
    let value: UInt64

    private static let counter = Atomic<UInt64>(Randomness.word())

    /// From any thread.
    static func next() -> RequestID {
        RequestID(value: counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue)
    }

    /// Sixteen hexadecimal digits. Written by hand: every request has one.
    var description: String {
        String(unsafeUninitializedCapacity: 16) { text in
            for position in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * position)) & 15
                text[position] = digit < 10 ? 0x30 + digit : 0x57 + digit
            }
            return 16
        }
    }
}
