/// What a request is about to do with uploads.
public enum Operation: String, Sendable, CaseIterable {
    case create
    case append
    /// How far an upload is, or what a finished file is called.
    case ask
    case download
    case delete
    /// What another owner has.
    case oversee

    /// Any one of these scopes allows it.
    public var scopes: Scopes {
        switch self {
        case .create, .append: .upload
        case .ask: [.upload, .download]
        case .download: .download
        case .delete: .delete
        case .oversee: .admin
        }
    }
}
