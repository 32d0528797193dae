/// A digest over a file's bytes in their order, whose state is kept with the record: so it goes on with the upload,
/// after a restart of the server too. One thread at a time.
public protocol RunningDigest: AnyObject, Sendable {
    /// Takes the next bytes.
    func update(_ bytes: UnsafeRawBufferPointer)
    /// How many bytes it has taken.
    var count: Int64 { get }
    /// Its state, for another one to go on with: at most `StorageLimits.digestStateBytesMax` bytes.
    var saved: [UInt8] { get }
    /// The digest of what it has taken: 32 bytes.
    var digest: [UInt8] { get }
}

/// Begins digests of files.
public struct FileDigests: Sendable {
    private let make: @Sendable ([UInt8]?) -> (any RunningDigest)?

    /// - Parameter make: begins one of nothing, or goes on with one that was saved: nil for what was not. From any
    ///   thread.
    public init(_ make: @escaping @Sendable ([UInt8]?) -> (any RunningDigest)?) { self.make = make }

    /// One that has taken the first `count` bytes of a file; nil where nobody has, as where the server did not compute
    /// any when they came.
    func resumed(_ saved: [UInt8]?, at count: Int64) -> (any RunningDigest)? {
        if count == 0 { return make(nil) }
        guard let saved, let digest = make(saved), digest.count == count else { return nil }
        return digest
    }
}
