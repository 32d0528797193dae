/// Where a file is that was brought to its place.
public enum StoredPlace: Sendable, Equatable {
    /// In a bucket, under a key as the bucket knows it, not encoded for an address.
    case object(bucket: String, key: String)
    /// On a disk of this machine, absolute.
    case file(path: String)

    /// As the catalogue has it. No bucket's name is empty: with such a one the key is a path.
    init(bucket: String, key: String) { self = bucket.isEmpty ? .file(path: key) : .object(bucket: bucket, key: key) }

    /// As the catalogue has it.
    var columns: (bucket: String, key: String) {
        switch self {
        case .object(let bucket, let key): (bucket, key)
        case .file(let path): ("", path)
        }
    }

    /// The bucket; nil without one.
    public var bucket: String? { if case .object(let bucket, _) = self { bucket } else { nil } }
    /// The key in the bucket; nil without one.
    public var key: String? { if case .object(_, let key) = self { key } else { nil } }
    /// The file on this machine; nil for what is in a bucket.
    public var path: String? { if case .file(let path) = self { path } else { nil } }
}

extension StoredPlace: CustomStringConvertible {
    public var description: String {
        switch self {
        case .object(let bucket, let key): "\(bucket)/\(key)"
        case .file(let path): path
        }
    }
}
