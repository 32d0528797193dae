/// The line that is drawn while a file travels. A pure value: what is known in, text out.
struct ProgressLine {
    /// The file's name.
    var name: String
    /// Bytes.
    var done: Int64
    /// Nil where nobody knows how many there will be.
    var total: Int64?
    /// Nil while nothing can be said yet.
    var bytesPerSecond: Double?
    /// What is in the way; takes the place of rate and time.
    var trouble: String?
    /// Whether the terminal takes block characters.
    var isUnicode = true

    /// The line, at most `columns` wide.
    ///
    /// In a narrow terminal it goes without the bar, then without the time that is left, the rate, the bytes.
    func text(columns: Int) -> String {
        // One column for one, so that the width stays.
        isUnicode ? laidOut(columns: columns) : laidOut(columns: columns).replacing("…", with: "~")
    }

    private func laidOut(columns: Int) -> String {
        var fields =
            total.map { [Amounts.percent(done, of: $0), Amounts.bytes(done, of: $0)] } ?? [Amounts.bytes(done)]
        if let trouble {
            // The message takes what is left, but at least a few words of it.
            let plain = ([shortName(columns)] + fields.prefix(columns >= 60 ? 2 : 1)).joined(separator: "  ")
            let room = columns - TerminalText.columns(plain) - 2
            return room < 8
                ? TerminalText.prefix(plain, columns: columns)
                : plain + "  " + TerminalText.shortened("reconnecting… " + TerminalText.printable(trouble), to: room)
        }
        if let bytesPerSecond {
            fields.append(Amounts.rate(bytesPerSecond))
            if let total, bytesPerSecond >= 1, done < total {
                let seconds = Int64(min(Double(total - done) / bytesPerSecond, 1e9).rounded(.up))
                fields.append(Amounts.padded(Amounts.duration(seconds: seconds), 5) + " left")
            }
        }
        while true {
            let rest = fields.joined(separator: "  ")
            let name = shortName(columns)
            let room = columns - TerminalText.columns(name) - TerminalText.columns(rest) - 4
            if let total, room >= ProgressLine.barColumnsMin {
                return "\(name)  \(bar(columns: min(room, ProgressLine.barColumnsMax), total))  \(rest)"
            }
            if room >= -2 { return "\(name)  \(rest)" }
            if fields.count == 1 { return TerminalText.prefix("\(rest) \(name)", columns: columns) }
            fields.removeLast()
        }
    }

    private static let barColumnsMin = 10
    private static let barColumnsMax = 40

    /// The name gets a third of the line, but is never cut below ten columns.
    private func shortName(_ columns: Int) -> String {
        TerminalText.shortened(TerminalText.printable(name), to: max(10, columns / 3))
    }

    private func bar(columns: Int, _ total: Int64) -> String {
        let cells = isUnicode ? columns : columns - 2
        let eighths = total > 0 ? Int(Double(cells * 8) * Double(min(done, total)) / Double(total)) : cells * 8
        let full = eighths / 8
        guard isUnicode else {
            return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: cells - full) + "]"
        }
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        let used = full + (partial.isEmpty ? 0 : 1)
        return String(repeating: "█", count: full) + partial + String(repeating: "░", count: cells - used)
    }
}
