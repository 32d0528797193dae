/// The one writer of JSON text (RFC 8259): answers, problem documents and log lines all go through it.
///
/// It walks bytes. Characters would not do: a combining or prepending scalar makes one character with the quote beside
/// it, and a quote that is not seen is not escaped.
public enum JSONText {
    /// `text` as a JSON string, quotes included.
    public static func string(_ text: String) -> String {
        var bytes: [UInt8] = [.quote]
        append(text, to: &bytes)
        bytes.append(.quote)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what stands between the quotes of a JSON string.
    public static func append(_ text: String, to bytes: inout [UInt8]) { append(text, to: &bytes, escapesQuotes: true) }

    /// The same for text that stands between other marks: controls leave as JSON's escapes, quotes only if asked for.
    public static func append(_ text: String, to bytes: inout [UInt8], escapesQuotes: Bool) {
        var before: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case .quote where escapesQuotes, .backslash where escapesQuotes:
                bytes.append(contentsOf: [.backslash, byte])
            case .lineFeed: bytes.append(contentsOf: "\\n".utf8)
            case .carriageReturn: bytes.append(contentsOf: "\\r".utf8)
            case .tab: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F: appendControl(byte, to: &bytes)
            case 0x80...0x9F where before == 0xC2:
                // A control of the second set, which moves a terminal's cursor as well as one of the first.
                bytes.removeLast()
                appendControl(byte, to: &bytes)
            default: bytes.append(byte)
            }
            before = byte
        }
    }

    private static func appendControl(_ scalar: UInt8, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\\u00".utf8)
        for digit in [scalar >> 4, scalar & 15] { bytes.append(digit < 10 ? .zero + digit : 0x57 + digit) }
    }
}
