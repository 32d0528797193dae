/// Percent-encoding (RFC 3986 2.1): bytes that may not stand for themselves become `%` and two hexadecimal digits.
public enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// One path segment: everything but letters, digits and `-._~` is encoded, so that it can be put into a path, a
    /// query or a quoted string alike. The segments "." and ".." stay what they are; do not make such.
    public static func segment(_ text: String) -> String { encode(text, \.isUnreserved) }

    /// The value of an extended parameter (`filename*=`): charset, no language, encoded UTF-8 (RFC 8187 3.2).
    public static func extendedValue(_ text: String) -> String { "UTF-8''" + encode(text, \.isAttribute) }

    /// The bytes meant; nil if a `%` is not followed by two hexadecimal digits.
    public static func decode(_ encoded: [UInt8]) -> [UInt8]? { decode(encoded[...]) }

    /// The text meant; nil if malformed, not UTF-8, or with NUL in it.
    public static func decode(_ encoded: String) -> String? { text(Array(encoded.utf8)[...]) }

    static func text(_ encoded: ArraySlice<UInt8>) -> String? {
        // Most text says what it means, and is ASCII.
        if isPlain(encoded.span) { return String(decoding: encoded, as: UTF8.self) }
        guard let bytes = decode(encoded), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)?.streamSafe
    }

    private static func isPlain(_ encoded: Span<UInt8>) -> Bool {
        for index in encoded.indices {
            let byte = encoded[index]
            if byte == 0 || byte == .percent || byte >= 0x80 { return false }
        }
        return true
    }

    private static func decode(_ encoded: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var position = encoded.startIndex
        while position < encoded.endIndex {
            if encoded[position] != .percent {
                bytes.append(encoded[position])
                position += 1
                continue
            }
            guard encoded.endIndex - position > 2, let high = encoded[position + 1].hexadecimalValue,
                let low = encoded[position + 2].hexadecimalValue
            else { return nil }
            bytes.append(high << 4 | low)
            position += 3
        }
        return bytes
    }

    private static func encode(_ text: String, _ isLiteral: (UInt8) -> Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isLiteral(byte) {
                bytes.append(byte)
            } else {
                bytes.append(contentsOf: [.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
