public import Uploads

/// What somebody sees of an upload who may reach their own alone.
public enum OwnedLook: Sendable {
    /// It is theirs.
    case own(Upload)
    /// There is a record, and it is somebody else's, or says of its owner what nobody understands.
    case others
    /// There is none.
    case none

    /// The record where it is their own.
    public var record: Upload? { if case .own(let upload) = self { upload } else { nil } }
}
