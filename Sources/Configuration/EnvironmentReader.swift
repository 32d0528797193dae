/// Reads the variables that are called like options. Pure.
///
/// One that names no option is a fault where it looks like a slip of the pen, and a warning otherwise: programs that
/// start this one make such variables, too (`isServiceLink`).
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
            } else if !EnvironmentReader.isServiceLink(name, value),
                let nearest = NearestName.of(
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

    /// Whether Kubernetes has made a variable: it gives each container some for each service, and the services may
    /// be called sluice, or sluice-tls. `SLUICE_SERVICE_HOST`, `SLUICE_SERVICE_PORT_HTTP`,
    /// `SLUICE_PORT=tcp://10.0.0.1:80`, `SLUICE_TLS_PORT_443_TCP_ADDR`; Docker's links have the same shape.
    static func isServiceLink(_ name: String, _ value: String) -> Bool {
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        for index in words.indices.dropFirst() {
            let rest = words[index...].map(String.init)
            if rest.starts(with: ["SERVICE", "HOST"]), rest.count == 2 { return true }
            if rest.starts(with: ["SERVICE", "PORT"]) { return true }
            guard rest[0] == "PORT" else { continue }
            if rest.count == 1, ["tcp://", "udp://", "sctp://"].contains(where: value.hasPrefix) { return true }
            let isPort = rest.count >= 3 && !rest[1].isEmpty && rest[1].allSatisfy { ("0"..."9").contains($0) }
            if isPort, ["TCP", "UDP", "SCTP"].contains(rest[2]) { return true }
        }
        return false
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
