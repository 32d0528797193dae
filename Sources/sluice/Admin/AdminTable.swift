import Foundation

/// Rows for people: columns as wide as what is in them, and nothing that moves the terminal.
enum AdminTable {
    /// - Parameter rows: the first one is the head; all are as long as that.
    static func text(_ rows: [[String]]) -> String {
        let clean = rows.map { $0.map(printable) }
        let widths = (clean.first ?? []).indices.map { column in clean.map { $0[column].count }.max() ?? 0 }
        return clean.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }

    /// On one line, and without what moves the cursor or turns the direction of writing.
    static func printable(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { clean.append(steers(scalar) ? "\u{FFFD}" : scalar) }
        return String(clean).trimmingCharacters(in: CharacterSet(charactersIn: "\u{FFFD} "))
    }

    /// The same JSON, in which nothing moves the terminal: what would is written as `\u202e`.
    static func harmless(json: String) -> String {
        if !json.unicodeScalars.contains(where: steers) { return json }
        var text = ""
        for scalar in json.unicodeScalars {
            if steers(scalar) {
                for unit in String(scalar).utf16 { text += String(format: "\\u%04x", unit) }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Whether a character moves the cursor, turns the direction of writing, or is not to be seen.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// `1.5 GiB`
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var (value, index) = (Double(count), 0)
        while value >= 1024, index + 1 < units.count { (value, index) = (value / 1024, index + 1) }
        return index == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[index])
    }
}
