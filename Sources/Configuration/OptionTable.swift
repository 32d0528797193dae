/// All options of a program, and how one configuration comes of what was said of them: a flag beats the environment,
/// which beats the file, which beats the default.
public struct OptionTable<Target: Sendable>: Sendable {
    /// Under their headings, in the order in which they are told.
    public let sections: [OptionSection<Target>]
    /// The option that names the configuration file, which cannot stand in one.
    let fileOption: String
    private let indices: [String: Int]

    /// - Parameter fileOption: the name of the option that names the configuration file.
    public init(_ sections: [OptionSection<Target>], fileOption: String) {
        self.sections = sections
        self.fileOption = fileOption
        options = sections.flatMap(\.options)
        indices = Dictionary(uniqueKeysWithValues: options.enumerated().map { ($1.name, $0) })
    }

    /// All of them, in that order.
    public let options: [OptionDeclaration<Target>]

    /// Every flag that a command line takes, for shells that complete what somebody begins to write.
    public var flags: [String] {
        options.filter { !$0.isSecret }.flatMap { $0.shape == .flag ? [$0.flag, "--no-\($0.name)"] : [$0.flag] }
    }

    /// Nil where there is no option of this name.
    func option(_ name: String) -> OptionDeclaration<Target>? { indices[name].map { options[$0] } }

    /// Whether it can stand in a configuration file.
    func isInFile(_ option: OptionDeclaration<Target>) -> Bool { option.name != fileOption }

    /// Whether a command line asks for help in place of anything else.
    public func wantsHelp(_ words: [String]) -> Bool { FlagReader(self, words).wantsHelp }

    /// Brings together what was said.
    ///
    /// - Parameters:
    ///   - start: what is in force of options without a default.
    ///   - words: the command line behind the command.
    ///   - readFile: the text of the configuration file, where one is named; may block.
    /// - Throws: everything that is wrong, as far as it can be known.
    public func configured(
        _ start: Target, words: [String], environment: [String: String],
        readFile: (String) throws(ConfigurationFault) -> String
    ) throws(ConfigurationFault) -> Configured<Target> {
        let flags = FlagReader(self, words)
        let variables = EnvironmentReader(self, environment)
        var faults = flags.faults + variables.faults
        var given = Dictionary(uniqueKeysWithValues: options.map { ($0.name, GivenValue($0.defaults, .standard)) })
        let path = (flags.given[fileOption] ?? variables.given[fileOption])?.texts.first
        if let path {
            do throws(ConfigurationFault) {
                let file = FileReader(self, path: path, text: try readFile(path))
                given.merge(file.given) { $1 }
                faults += file.faults
            } catch {
                faults += error.lines
            }
        }
        given.merge(variables.given) { $1 }
        given.merge(flags.given) { $1 }
        return try configured(start, given: given, faults: faults, warnings: variables.warnings)
    }

    /// Sets all that was said, in the order of the options.
    func configured(
        _ start: Target, given: [String: GivenValue], faults known: [String], warnings: [String]
    ) throws(ConfigurationFault) -> Configured<Target> {
        var faults = known
        var target = start
        for option in options {
            for item in given[option.name]?.items ?? [] {
                if let fault = set(option, item, in: &target) { faults.append(fault) }
            }
        }
        guard faults.isEmpty else { throw ConfigurationFault.bounded(faults) }
        return Configured(table: self, target: target, given: given, warnings: warnings)
    }

    private func set(
        _ option: OptionDeclaration<Target>, _ item: GivenValue.Item, in target: inout Target
    ) -> String? {
        // What ends a text for the system would cut it off without a word.
        if item.text.utf8.contains(0) { return "\(item.origin.spelling(of: option)) takes no NUL." }
        if item.text.utf8.count > OptionText.bytesMax {
            return "\(item.origin.spelling(of: option)) takes up to \(OptionText.bytesMax) bytes."
        }
        do {
            try option.apply(&target, item.text)
            return nil
        } catch let fault as OptionFault {
            return "\(item.origin.spelling(of: option)) \(fault.reason)."
        } catch {
            return "\(item.origin.spelling(of: option)): \(error)"
        }
    }
}
