/// Why a request may not do what it asks for.
public enum AccessFault: Error, Equatable, Sendable {
    /// It has no credential.
    case missing
    /// What it has vouches for nobody.
    case token(TokenFault)
    /// Its scopes do not hold what this takes.
    case scope(Operation)
    /// Its token is for another upload alone.
    case upload
    /// The application that was asked refuses it.
    case refused(ForwardRefusal)
    /// The application could not be asked, or has said nothing that means anything.
    case unanswered

    /// Names the rule in the log and among the counters; stable.
    public var rule: String {
        switch self {
        case .missing: "missing"
        case .token(let fault): fault.rawValue
        case .scope: "scope"
        case .upload: "upload"
        case .refused: "application"
        case .unanswered: "unanswered"
        }
    }

    /// Whether nobody here knows anything of the credential, so that it may be somebody else's.
    public var isOpen: Bool {
        switch self {
        case .missing, .token(.unknown), .token(.malformed): true
        default: false
        }
    }

    /// Whether keys that were published since may tell more.
    public var isOfUnknownKey: Bool {
        switch self {
        case .token(.key), .token(.algorithm), .token(.unread): true
        default: false
        }
    }

    /// The rule by which somebody else's upload is as if it were not there. No client is told of it.
    public static let ownerRule = "owner"

    /// The rules about where a request comes from, and by what name: whoever sends it may not do it from there. Clients
    /// are told of them by the same words.
    public static let siteRules = ["cross-site", "host-not-allowed"]

    /// All rules there are.
    public static var rules: [String] {
        ["missing", "scope", "upload", "application", "unanswered", ownerRule] + TokenFault.allCases.map(\.rawValue)
            + siteRules
    }
}
