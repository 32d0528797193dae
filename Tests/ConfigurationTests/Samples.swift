import Configuration

/// What the options of these tests are set in.
struct Sample: Equatable {
    var size: Int64 = 0
    var level = ""
    var names: [String] = []
    var isOpen = false
    var sends = true
    var password: String?
    var file: String?

    enum Level: String, CaseIterable, Sendable {
        case low
        case high
    }

    static let table = OptionTable(
        [
            OptionSection(
                "One",
                [
                    OptionDeclaration<Sample>.one("config", "file", help: "A file.") { $0.file = $1 },
                    .one("max-size", "bytes", default: "1K", isLive: true, help: "A size | <of> something.") {
                        $0.size = try OptionText.bytes($1, in: 1...1 << 20)
                    },
                    .choice("log-level", default: Level.low, help: "A level.") { $0.level = $1.rawValue },
                ]),
            OptionSection(
                "Two",
                [
                    .many("allowed-name", "name", defaults: ["nobody"], isLive: true, help: "A name.") { sample, text in
                        if text.isEmpty { throw OptionFault("takes a name") }
                        sample.names.append(text)
                    },
                    .flag("open", default: false, help: "Whether it is open.") { $0.isOpen = $1 },
                    .onOff("sending", default: true, help: "Whether it sends.") { $0.sends = $1 },
                    .one("password", "text", isSecret: true, help: "A word.") { $0.password = $1 },
                ]),
        ], fileOption: "config")

    /// What comes of these sources; the file is called `f.yaml`.
    static func configured(
        _ words: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) throws(ConfigurationFault) -> Configured<Sample> {
        try table.configured(
            Sample(), words: words + (file == nil ? [] : ["--config", "f.yaml"]), environment: environment
        ) { path throws(ConfigurationFault) in
            guard path == "f.yaml", let file else { throw ConfigurationFault(["\(path): No such file"]) }
            return file
        }
    }

    /// What is wrong with these sources, one sentence each; none where nothing is.
    static func faults(
        _ words: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) -> [String] {
        do throws(ConfigurationFault) {
            _ = try configured(words, environment: environment, file: file)
            return []
        } catch {
            return error.lines
        }
    }
}
