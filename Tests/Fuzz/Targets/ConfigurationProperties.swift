import Configuration

/// A configuration file, of options of every shape.
enum ConfigurationProperties {
    /// What the options are set in.
    private struct Settings: Sendable {
        var texts: [String] = []
    }

    private enum Level: String, CaseIterable, Sendable {
        case low
        case high
    }

    private static let table = OptionTable(
        [
            OptionSection(
                "All",
                [
                    OptionDeclaration<Settings>.one("config", "file", help: "A file.") { $0.texts.append($1) },
                    .one("max-size", "bytes", default: "1K", help: "A size.") {
                        $0.texts.append(String(try OptionText.bytes($1, in: 1...1 << 40)))
                    },
                    .one("name", "text", help: "A name.") { $0.texts.append($1) },
                    .choice("log-level", default: Level.low, help: "A level.") { $0.texts.append($1.rawValue) },
                    .many("listen", "address", defaults: [":80"], help: "An address.") { $0.texts.append($1) },
                    .flag("open", default: false, help: "Whether it is open.") { $0.texts.append("\($1)") },
                    .onOff("sending", default: true, help: "Whether it sends.") { $0.texts.append("\($1)") },
                ])
        ], fileOption: "config")

    static func check(_ input: [UInt8]) {
        guard let text = String(validating: input, as: UTF8.self) else { return }
        do throws(ConfigurationFault) {
            let configured = try read(text)
            checkAgain(configured)
        } catch {
            require(!error.lines.isEmpty, "what is refused is told")
            for line in error.lines {
                let isWhole = line.hasSuffix(".") || line.hasSuffix("?")
                require(line.hasPrefix("f.yaml") && isWhole, "each sentence says where: \(line)")
                require(!line.contains("undefined alias"), "no alias reaches the parser")
            }
        }
    }

    /// What is in force, written down, means the same again.
    private static func checkAgain(_ configured: Configured<Settings>) {
        do throws(ConfigurationFault) {
            let again = try read(configured.report)
            require(again.target.texts == configured.target.texts, "what is told means itself: \(configured.report)")
        } catch {
            require(false, "what is told can be read: \(error.lines)")
        }
    }

    private static func read(_ text: String) throws(ConfigurationFault) -> Configured<Settings> {
        try table.configured(Settings(), words: ["--config", "f.yaml"], environment: [:]) {
            _ throws(ConfigurationFault) in text
        }
    }
}
