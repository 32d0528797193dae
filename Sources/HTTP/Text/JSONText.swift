/// The one writer of JSON text (RFC 8259): answers, problem documents and log lines all go through it.
///
/// It walks scalars. Characters would not do: a combining or prepending scalar makes one character with the quote
/// beside it, and a quote that is not seen is not escaped.
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
        // Nearly all of it is plain: one look, one copy.
        if isPlain(text) { return bytes.append(contentsOf: text.utf8) }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22 where escapesQuotes, 0x5C where escapesQuotes:
                bytes.append(contentsOf: [.backslash, UInt8(truncatingIfNeeded: scalar.value)])
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case let value where movesOthers(value): appendEscape(value, to: &bytes)
            default: bytes.append(contentsOf: String(scalar).utf8)
            }
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x7F || byte == .quote || byte == .backslash { return false }
        }
        return true
    }

    /// Whether a scalar does something to the text around it, or to the terminal that shows it: the controls of both
    /// sets, what turns the direction of writing, and what ends a line or a paragraph.
    private static func movesOthers(_ value: UInt32) -> Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func appendEscape(_ value: UInt32, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\\u".utf8)
        for shift: UInt32 in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
            bytes.append(digit < 10 ? .zero + digit : 0x57 + digit)
        }
    }
}
