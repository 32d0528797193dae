/// Base 64 as RFC 4648 section 4 writes it, and nothing else: padded, no line ends, no bits left over. So every text
/// stands for other bytes than any other.
enum Base64 {
    /// Nil if malformed.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = text.utf8
        guard digits.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        var (group, bits, padding) = (UInt32(0), 0, 0)
        for digit in digits {
            if digit == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: digit) else { return nil }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits == 24 {
                bytes.append(contentsOf: [UInt8(group >> 16), UInt8(group >> 8 & 0xFF), UInt8(group & 0xFF)])
                (group, bits) = (0, 0)
            }
        }
        switch (bits, padding) {
        case (0, 0): break
        case (12, 2) where group & 0xF == 0: bytes.append(UInt8(group >> 4))
        case (18, 1) where group & 0x3 == 0: bytes.append(contentsOf: [UInt8(group >> 10), UInt8(group >> 2 & 0xFF)])
        default: return nil
        }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
