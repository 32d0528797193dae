public import Uploads

/// Which uploads are listed.
public struct UploadFilter: Sendable, Equatable {
    /// Nil for any.
    public var state: UploadState?
    /// Whose; nil for everybody's.
    public var owner: Owner?

    public init(state: UploadState? = nil, owner: Owner? = nil) {
        self.state = state
        self.owner = owner
    }
}
