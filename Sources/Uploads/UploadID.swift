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

    /// The first 16 bytes of a digest, big-endian. Of what has fewer, and is none, bytes of zero stand behind.
    public init(digest: [UInt8]) {
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in 0..<16 {
            let byte = index < digest.count ? digest[index] : 0
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        self.init(high: high, low: low)
    }

    /// Parses exactly 32 lower-case hexadecimal digits, the only form that `description` writes.
    public init?(_ text: String) {
        // For one type, and without iterators that are generic: what other targets call is not specialized for them,
        // and every request for an upload comes by here.
        let bytes = text.utf8.span
        guard bytes.count == 32 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for index in bytes.indices {
            let byte = bytes[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(digit)
        }
        self.init(high: high, low: low)
    }

    public init?(_ text: Substring) { self.init(String(text)) }

    /// 32 lower-case hexadecimal digits; safe in a path and in a URL.
    public var description: String {
        // By hand: every request has one in its log line, every file in its path.
        var digits: [UInt8] = []
        digits.append(addingCapacity: 32) { (output: inout OutputSpan<UInt8>) in
            UploadID.append(high, to: &output)
            UploadID.append(low, to: &output)
        }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func append(_ word: UInt64, to output: inout OutputSpan<UInt8>) {
        for index in 0..<16 {
            let value = UInt8(truncatingIfNeeded: word &>> UInt64(60 - 4 * index)) & 15
            output.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
        }
    }
}
