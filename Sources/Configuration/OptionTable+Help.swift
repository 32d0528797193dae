extension OptionTable {
    /// Every option for somebody at a terminal, in 80 columns.
    public var help: String {
        sections.map { section in
            "\(section.title.uppercased()):\n" + section.options.map(OptionTable.help).joined()
        }.joined(separator: "\n")
    }

    private static func help(_ option: OptionDeclaration<Target>) -> String {
        let head = option.isSecret ? "\(option.name) (in the file), \(option.variable)" : usage(option, separator: ", ")
        let value = option.shape == .flag || option.valueName.isEmpty ? "" : " <\(option.valueName)>"
        let preset = option.defaults.isEmpty ? "" : " (default: \(told(option).joined(separator: ", ")))"
        let star = option.isLive ? " *" : ""
        return "  \(head)\(value)\(star)\n"
            + wrapped(option.help + preset, columns: 70).map { "        \($0)\n" }.joined()
    }

    /// The table of docs/configuration.md.
    public var markdown: String {
        "| option | default | live | |\n|---|---|---|---|\n"
            + options.map { option in
                let names =
                    option.isSecret
                    ? "`\(option.name)` (file), `\(option.variable)`"
                    : OptionTable.usage(option, separator: "`, `", around: "`")
                let value = option.shape == .flag ? "" : " " + OptionTable.escaped(option.valueName)
                let preset =
                    option.defaults.isEmpty ? "–" : OptionTable.told(option).map { "`\($0)`" }.joined(separator: ", ")
                let (live, help) = (option.isLive ? "yes" : "", OptionTable.escaped(option.help))
                return "| \(names)\(value) | \(preset) | \(live) | \(help) |\n"
            }.joined()
    }

    private static func usage(
        _ option: OptionDeclaration<Target>, separator: String, around: String = ""
    ) -> String {
        around
            + (option.shape == .flag ? [option.flag, "--no-\(option.name)"] : [option.flag]).joined(
                separator: separator)
            + around
    }

    /// The defaults as they would be given.
    private static func told(_ option: OptionDeclaration<Target>) -> [String] {
        guard option.shape == .flag else { return option.defaults }
        return option.defaults.map { $0 == "true" ? option.flag : "--no-\(option.name)" }
    }

    private static func escaped(_ text: String) -> String {
        text.map { $0 == "|" ? "\\|" : $0 == "<" ? "&lt;" : String($0) }.joined()
    }

    static func wrapped(_ text: String, columns: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
