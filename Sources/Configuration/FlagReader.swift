/// Reads a command line: `--name value`, `--name=value`, `--flag`, `--no-flag`.
struct FlagReader<Target: Sendable> {
    let table: OptionTable<Target>
    private(set) var given: [String: GivenValue] = [:]
    private(set) var faults: [String] = []
    /// Whether somebody asks for help in place of anything else.
    private(set) var wantsHelp = false

    init(_ table: OptionTable<Target>, _ words: [String]) {
        self.table = table
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--help" || word == "-h" {
                wantsHelp = true
            } else if word.hasPrefix("--"), word != "--" {
                read(word.dropFirst(2), &rest)
            } else {
                faults.append("'\(word)' is no option: options begin with --.")
            }
        }
    }

    private mutating func read(_ word: Substring, _ rest: inout ArraySlice<String>) {
        let name = String(word.prefix { $0 != "=" })
        let joined: String? = name.utf8.count < word.utf8.count ? String(word.dropFirst(name.count + 1)) : nil
        if let option = table.option(name), option.shape != .flag { return take(option, joined, &rest) }
        let isOpposite = table.option(name) == nil
        guard
            let option = table.option(name) ?? (name.hasPrefix("no-") ? table.option(String(name.dropFirst(3))) : nil),
            option.shape == .flag
        else {
            faults.append("--\(name) is no option here\(hint(name))")
            // What looks like its value is not told as well.
            if joined == nil, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
            return
        }
        if joined != nil { faults.append("--\(name) takes no value: it is --\(option.name) or --no-\(option.name).") }
        add(option, isOpposite ? "false" : "true")
    }

    private mutating func take(_ option: OptionDeclaration<Target>, _ joined: String?, _ rest: inout ArraySlice<String>)
    {
        if option.isSecret {
            if joined == nil { _ = rest.popFirst() }
            faults.append(
                """
                \(option.flag) is secret, and a command line is not: write it into the file as \(option.name), or into \
                the environment as \(option.variable).
                """)
            return
        }
        if let joined { return add(option, joined) }
        guard let value = rest.first, !value.hasPrefix("--") else {
            faults.append("\(option.flag) takes a value: \(option.flag) \(option.valueName).")
            return
        }
        rest.removeFirst()
        add(option, value)
    }

    private mutating func add(_ option: OptionDeclaration<Target>, _ text: String) {
        if option.shape != .many, given[option.name] != nil {
            faults.append("\(option.flag) was given more than once.")
            return
        }
        let item = GivenValue([text], .flag)
        given[option.name] = GivenValue(items: (given[option.name]?.items ?? []) + item.items, .flag)
    }

    private func hint(_ name: String) -> String {
        let names = table.options.filter { !$0.isSecret }.flatMap { option in
            option.shape == .flag ? [option.name, "no-\(option.name)"] : [option.name]
        }
        return NearestName.of(name, among: names).map { "; did you mean --\($0)?" } ?? "."
    }
}
