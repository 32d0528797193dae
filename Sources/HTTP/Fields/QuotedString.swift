/// The quoted-string of RFC 9110 5.6.4.
public enum QuotedString {
    /// `text` in quotes, with `"` and `\` escaped; control bytes, which have no place there, become spaces.
    public static func quote(_ text: String) -> String {
        var bytes: [UInt8] = [.quote]
        for byte in text.utf8 {
            if byte == .quote || byte == .backslash { bytes.append(.backslash) }
            bytes.append(byte.isText ? byte : .space)
        }
        bytes.append(.quote)
        return String(decoding: bytes, as: UTF8.self)
    }
}
