/// Writes values as YAML reads them.
enum YAMLText {
    /// What stands behind an option's key.
    static func value<Target: Sendable>(_ texts: [String], _ option: OptionDeclaration<Target>) -> String {
        guard option.shape == .many else { return texts.first.map(scalar) ?? "" }
        return "[" + texts.map(scalar).joined(separator: ", ") + "]"
    }

    /// As it is where that is safe in any place, quoted otherwise.
    static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2F, 0x2E, 0x5F, 0x2D: true
            default: false
            }
        }
        if isPlain, let first = text.utf8.first, first != 0x2D, !["null"].contains(text.lowercased()) { return text }
        if text.unicodeScalars.allSatisfy(standsAsItIs) {
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\u{20}"..."\u{7E}": String(scalar)
            default: "\\U" + String(repeating: "0", count: 8 - hex(scalar).count) + hex(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    /// What YAML takes as text of a line (YAML 1.2.2 section 5.1, nb-char), and no reader takes for the end of one or
    /// for a byte order mark.
    private static func standsAsItIs(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2028, 0x2029, 0xFEFF: false
        case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String { String(scalar.value, radix: 16, uppercase: true) }
}
