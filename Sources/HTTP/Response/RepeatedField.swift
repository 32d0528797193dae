/// Fields of answers that may have several lines (RFC 9110 5.3): lists, and `Set-Cookie`. All others have one, however
/// often they are set.
public enum RepeatedField: Sendable {
    case acceptPatch
    case setCookie
    case vary

    var name: String {
        switch self {
        case .acceptPatch: "Accept-Patch"
        case .setCookie: "Set-Cookie"
        case .vary: "Vary"
        }
    }
}
