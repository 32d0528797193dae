/// The name of an upload inside the server: 128 bits, random or the head of a digest. Never a client's own text.
public struct UploadID: Hashable, Sendable, CustomStringConvertible {
    /// The first sixteen digits of the text form.
    public let high: UInt64
    /// The last sixteen.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The first 16 bytes of a digest, big-endian. A digest shorter than that is a programmer's error.
    public init(digest: [UInt8]) {
        precondition(digest.count >= 16, "a digest of at least 16 bytes names an upload")
        func word(_ start: Int) -> UInt64 { digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: word(0), low: word(8))
    }

    /// Parses exactly 32 lower-case hexadecimal digits, the only form that `description` writes.
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard bytes.count == 32 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (position, byte) in bytes.enumerated() {
            let digit: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
            if position < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
        }
        self.init(high: words.0, low: words.1)
    }

    /// 32 lower-case hexadecimal digits; safe in a path and in a URL.
    public var description: String {
        // By hand: every request has one in its log line, every file in its path.
        var digits: [UInt8] = []
        digits.reserveCapacity(32)
        for word in [high, low] {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: word >> shift) & 15
                digits.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
