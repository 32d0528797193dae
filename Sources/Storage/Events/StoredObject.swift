/// Where a bucket has a file.
public struct StoredObject: Sendable, Equatable {
    /// Its name.
    public let bucket: String
    /// As the bucket knows it, not encoded for an address.
    public let key: String

    public init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }
}
