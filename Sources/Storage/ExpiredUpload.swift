public import Uploads

/// An upload whose time is over, as found in the catalogue.
public struct ExpiredUpload: Hashable, Sendable {
    /// Which one.
    public let id: UploadID
    /// Where it stands in the order of expiry: by seconds, then by row.
    let expiresSeconds: Int64
    let row: Int64
}
