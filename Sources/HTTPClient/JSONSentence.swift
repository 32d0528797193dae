internal import HTTP

/// A sentence out of a JSON document, for a person: the document may be cut, or be none, and a program does not rely on
/// it. A pure function.
enum JSONSentence {
    /// The first text that is the value of a member, wherever in the document; nil where there is none.
    ///
    /// - Parameter name: the member's, in its quotes.
    static func text(behind name: StaticString, in document: String) -> String? {
        document.pieces(behindEach: name).lazy.compactMap { value($0.unicodeScalars) }.first
    }

    private static func value(_ rest: Substring.UnicodeScalarView) -> String? {
        let colon = rest.drop(while: isBlank)
        guard colon.first == ":" else { return nil }
        let quote = colon.dropFirst().drop(while: isBlank)
        guard quote.first == "\"" else { return nil }
        return string(quote.dropFirst())
    }

    /// What stands before the closing quote, or before the end.
    private static func string(_ rest: Substring.UnicodeScalarView) -> String {
        var rest = rest
        // Escapes are of UTF-16: two of them may be one character.
        var units: [UInt16] = []
        while let scalar = rest.popFirst(), scalar != "\"" {
            guard scalar == "\\", let escaped = rest.popFirst() else {
                units += scalar.utf16
                continue
            }
            switch escaped {
            case "u":
                units.append(UInt16(String(rest.prefix(4)), radix: 16) ?? 0xFFFD)
                rest = rest.dropFirst(4)
            case "b", "f", "n", "r", "t": units.append(0x20)
            default: units += escaped.utf16
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\n", "\r"].contains(scalar) }
}
