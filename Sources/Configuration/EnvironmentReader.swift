/// Reads the variables that are called like options. Pure.
///
/// One that names no option is a fault where it looks like a slip of the pen, and a warning otherwise: programs that
/// start this one make such variables, too (Kubernetes gives each container `SLUICE_SERVICE_HOST` and more of the kind
/// when a service is called sluice).
struct EnvironmentReader<Target: Sendable> {
    private(set) var given: [String: GivenValue] = [:]
    private(set) var faults: [String] = []
    private(set) var warnings: [String] = []

    init(_ table: OptionTable<Target>, _ environment: [String: String]) {
        var unknown: [String] = []
        let options = Dictionary(table.options.map { ($0.variable, $0) }, uniquingKeysWith: { first, _ in first })
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix(OptionText.variablePrefix) {
            if let option = options[name] {
                given[option.name] = GivenValue(
                    EnvironmentReader.texts(value, isList: option.shape == .many), .environment)
            } else if let nearest = NearestName.of(
                String(name.dropFirst(OptionText.variablePrefix.count)),
                among: options.keys.sorted().map { String($0.dropFirst(OptionText.variablePrefix.count)) })
            {
                faults.append("\(name) is no option; did you mean \(OptionText.variablePrefix)\(nearest)?")
            } else {
                unknown.append(name)
            }
        }
        if !unknown.isEmpty {
            warnings = ["no options, and without effect: \(unknown.joined(separator: ", ")) in the environment"]
        }
    }

    /// What stands between commas, without blanks around it.
    private static func texts(_ value: String, isList: Bool) -> [String] {
        guard isList else { return [value] }
        return value.split(separator: ",", omittingEmptySubsequences: false).map { piece in
            let front = piece.drop { $0 == " " }
            return String(front.reversed().drop { $0 == " " }.reversed())
        }
    }
}
