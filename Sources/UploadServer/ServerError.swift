/// Why a server could not start. The text names the option, the file and the system's words.
public enum ServerError: Error, Sendable, CustomStringConvertible {
    /// The options contradict each other or name something unusable: exit code 2.
    case configuration(String)
    /// The system did not play along: exit code 1.
    case system(String)

    public var description: String {
        switch self {
        case .configuration(let text), .system(let text): text
        }
    }
}
