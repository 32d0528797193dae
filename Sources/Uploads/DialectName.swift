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

    /// Whether a client can come back to what is not whole. If not, nothing is left of it.
    public var isResumable: Bool {
        switch self {
        case .plain: false
        case .fileID, .tus, .ietf: true
        }
    }

    /// Whether clients ask how far an append is while it goes on, of the shortest, too.
    public var isAskedMeanwhile: Bool {
        switch self {
        case .fileID: true
        case .plain, .tus, .ietf: false
        }
    }

    /// Whether `Upload.metadata` is a list of pairs, as `Upload-Metadata` of tus has it.
    public var keepsPairs: Bool {
        switch self {
        case .tus: true
        case .fileID, .plain, .ietf: false
        }
    }

    /// Whether the address of a finished file may get other bytes, within the same second: a date does not tell them
    /// apart.
    public var isReplaceable: Bool {
        switch self {
        case .fileID: true
        case .plain, .tus, .ietf: false
        }
    }
}
