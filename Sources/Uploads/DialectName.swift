/// Which protocol created an upload. The raw value is stored in the catalogue and shown in logs: never change one.
public enum DialectName: String, Sendable, CaseIterable {
    case fileID = "file-id"
    case plain
    case tus
    case ietf
}
