public import Uploads

/// An upload that takes bytes at this moment.
public struct MovingUpload: Sendable {
    /// As the request under way found it.
    public let upload: Upload
    /// Bytes that are in the file, not all of them on stable storage yet.
    public let received: Int64
}
