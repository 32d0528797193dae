/// Where a value comes from. A later case beats the ones before it.
public enum OptionOrigin: Sendable, Equatable {
    /// Nobody said anything.
    case standard
    /// The configuration file, in this line.
    case file(path: String, line: Int)
    /// The environment.
    case environment
    /// The command line.
    case flag

    /// How an option is called there: `--max-size`, `SLUICE_MAX_SIZE`, `/etc/sluice.yaml:12: max-size`.
    func spelling<Target: Sendable>(of option: OptionDeclaration<Target>) -> String {
        switch self {
        case .standard, .flag: option.flag
        case .environment: option.variable
        case .file(let path, let line): "\(path):\(line): \(option.name)"
        }
    }

    /// The same for those who know the option's name already.
    func description<Target: Sendable>(of option: OptionDeclaration<Target>) -> String {
        switch self {
        case .standard: "default"
        case .flag: "flag"
        case .environment: option.variable
        case .file(let path, let line): "\(path):\(line)"
        }
    }
}
