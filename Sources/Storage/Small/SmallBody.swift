internal import Uploads

/// A whole small file that waits in memory for its delivery.
struct SmallBody: Sendable {
    /// How a delivery ends.
    enum End: Sendable {
        /// Bytes, name and record are where they have to be.
        case delivered
        case failed(StorageError)
        /// Nothing has been done: it is to be written like any other file.
        case refused
    }

    let buffer: SmallBuffer
    /// The record once it is delivered.
    let finished: Upload
    /// Called on the catalogue's thread (or on the sender's when the store is closed).
    let done: @Sendable (End) -> Void

    /// Bytes.
    var count: Int { Int(finished.offset.bytes) }
}
