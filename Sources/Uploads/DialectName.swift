/// Which protocol created an upload. The raw value is stored in the catalogue and shown in logs and metrics: never
/// change one. A new one is a new version of the catalogue, too.
public enum DialectName: String, Sendable, CaseIterable {
    case fileID = "file-id"
    case plain
    case tus
    case ietf
}
