import ArgumentParser

/// Options that were given twice although they take one value: the parser would take the last one without a word.
enum RepeatedOptions {
    /// Those that may be given several times.
    private static let repeatable: Set<String> = [
        "--listen", "--listen-tls", "--listen-admin", "--trusted-proxy", "--cors-origin", "--cors-header",
        "--header",
    ]

    /// - Parameter arguments: the command line without the program's name.
    static func check(_ arguments: [String]) throws {
        var seen: Set<Substring> = []
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            let name = argument.prefix { $0 != "=" }
            if !seen.insert(name).inserted, !repeatable.contains(String(name)) {
                throw ValidationError("\(name) was given more than once.")
            }
        }
    }
}
