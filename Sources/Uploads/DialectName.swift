/// Which protocol created an upload. The raw value is stored in the catalogue and shown in logs and metrics: never
/// change one.
public enum DialectName: String, Sendable, CaseIterable {
    case fileID = "file-id"
    case plain
    case tus
    case ietf

    /// The version of the catalogue that brought it; the first is 1. A new dialect is brought by the version behind the
    /// last that was released: programs of that one and before must not meet it.
    public var catalogueVersion: Int {
        switch self {
        case .fileID, .plain, .tus, .ietf: 1
        }
    }
}
