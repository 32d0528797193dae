/// What is in force, and where each value comes from.
public struct Configured<Target: Sendable>: Sendable {
    let table: OptionTable<Target>
    /// What the options were set in.
    public var target: Target
    private let given: [String: GivenValue]
    /// What has no effect, one sentence each.
    public let warnings: [String]

    init(table: OptionTable<Target>, target: Target, given: [String: GivenValue], warnings: [String]) {
        self.table = table
        self.target = target
        self.given = given
        self.warnings = warnings
    }

    /// What was said of an option, or its default.
    public func value(_ name: String) -> GivenValue { given[name] ?? GivenValue([], .standard) }

    /// Whether somebody said something.
    public func isGiven(_ name: String) -> Bool { value(name).origin != .standard }

    /// Whether somebody said something that is not so anyway: what is told of all options says their defaults, too.
    public func isChanged(_ name: String) -> Bool {
        isGiven(name) && value(name).texts != table.option(name)?.defaults
    }

    /// How an option is called where its value comes from: `--max-size`, `SLUICE_MAX_SIZE`, `sluice.yaml:12: max-size`.
    public func spelling(_ name: String) -> String {
        guard let option = table.option(name) else { return "--\(name)" }
        return value(name).origin.spelling(of: option)
    }

    /// What a process goes on with that was started with these values and now finds others: `live` options have the new
    /// ones, the others keep theirs.
    ///
    /// - Parameter start: as `OptionTable.configured` takes it.
    /// - Throws: what is wrong with these values together; `kept` says of which ones that may come.
    public func renewed(
        by next: Configured<Target>, _ start: Target
    ) throws(ConfigurationFault) -> (configured: Configured<Target>, applied: [String], waiting: [String]) {
        var merged = given
        var (applied, waiting): ([String], [String]) = ([], [])
        for option in table.options where value(option.name).texts != next.value(option.name).texts {
            if option.isLive { applied.append(option.name) } else { waiting.append(option.name) }
        }
        for option in table.options where option.isLive { merged[option.name] = next.value(option.name) }
        let configured = try table.configured(start, given: merged, faults: [], warnings: next.warnings)
        return (configured, applied, waiting)
    }

    /// The options of which another configuration says something else that only a restart brings into force, as they
    /// are called where they have their values now.
    public func kept(before next: Configured<Target>) -> [String] {
        table.options.filter { !$0.isLive && value($0.name).texts != next.value($0.name).texts }.map(\.name)
    }

    /// A URL without what may be secret in it: the name and password of its user, and its query.
    private static func shown(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return text }
        var (front, rest) = (text[..<scheme.upperBound], text[scheme.upperBound...])
        if let at = rest.prefix(while: { $0 != "/" && $0 != "?" }).lastIndex(of: "@") {
            front += "***@"
            rest = rest[rest.index(after: at)...]
        }
        if let query = rest.firstIndex(of: "?") { rest = rest[...query] + "***" }
        return String(front + rest)
    }

    /// Every option with its value as a line of a configuration file, and behind it where it comes from. A list has
    /// its items in brackets; a secret is not shown.
    public var report: String {
        table.options.map { option in
            let value = value(option.name)
            let text =
                option.isSecret && !value.items.isEmpty
                ? "'***'" : YAMLText.value(value.texts.map(Configured.shown), option)
            let isOff = value.items.isEmpty && option.shape != .many
            // The file cannot name itself.
            let front = (isOff || !table.isInFile(option) ? "# " : "") + "\(option.name):" + (isOff ? "" : " \(text)")
            return "\(front)  # \(value.origin.description(of: option))\n"
        }.joined()
    }
}
