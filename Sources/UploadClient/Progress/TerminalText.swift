/// Text as a terminal shows it: how many columns it takes, and how to make it take fewer.
public enum TerminalText {
    /// What may be drawn of a file's name: nothing in it can steer the terminal, or begin a line.
    public static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    switch $0.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator, .surrogate: "?"
                    case .format where $0 != "\u{200D}": "?"
                    default: $0
                    }
                }))
    }

    /// Columns that the text takes.
    static func columns(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + columns($1) } }

    /// At most `columns` wide, with an ellipsis for what is left out of the middle: a name's end tells its kind.
    static func shortened(_ text: String, to columns: Int) -> String {
        guard TerminalText.columns(text) > columns else { return text }
        guard columns > 1 else { return columns == 1 ? "…" : "" }
        let tail = suffix(text, columns: (columns - 1) / 2)
        return prefix(text, columns: columns - 1 - TerminalText.columns(tail)) + "…" + tail
    }

    /// The longest beginning that takes at most so many columns.
    static func prefix(_ text: String, columns: Int) -> String {
        var left = columns
        return String(
            text.prefix {
                left -= TerminalText.columns($0)
                return left >= 0
            })
    }

    private static func suffix(_ text: String, columns: Int) -> String {
        String(prefix(String(text.reversed()), columns: columns).reversed())
    }

    /// A character that a reader sees as one takes one cell or two, however many code points it is made from.
    private static func columns(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .control, .format: return 0
        default: break
        }
        if first.properties.isEmojiPresentation { return 2 }
        // An emoji that is asked for by the selector behind it.
        if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        return wide.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// Blocks whose characters are wide or full width (Unicode Standard Annex 11).
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
        0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
