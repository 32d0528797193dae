import ArgumentParser

/// Options that were given twice although they take one value: the parser would take the last one without a word.
/// (Those of `serve` are read by `OptionTable`, which sees to that itself.)
enum RepeatedOptions {
    /// Those that may be given several times.
    private static let repeatable: Set<String> = ["--header"]

    /// - Parameter arguments: the command line without the program's name.
    static func check(_ arguments: [String]) throws {
        // The command is the first word that is no option: those before it take no values.
        let command = arguments.first { !$0.hasPrefix("-") }
        if command == Serve._commandName || command == CheckConfig._commandName { return }
        var seen: Set<Substring> = []
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            let name = argument.prefix { $0 != "=" }
            if !seen.insert(name).inserted, !repeatable.contains(String(name)) {
                throw ValidationError("\(name) was given more than once.")
            }
        }
    }
}
