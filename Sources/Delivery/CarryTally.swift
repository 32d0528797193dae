internal import Synchronization
internal import Uploads

/// What is known of files on their way while a server runs. From any thread.
final class CarryTally: Sendable {
    private let bytes = Atomic<Int64>(0)
    private let carried = Mutex<[UploadID: Int64]>([:])

    /// Bytes that the place has taken since the start.
    var carriedBytes: Int64 { bytes.load(ordering: .relaxed) }

    /// The files that are being brought at this moment, and how many bytes of each the place has.
    var underWay: [UploadID: Int64] { carried.withLock { $0 } }

    /// A file is being brought from now on, until `end`.
    func begin(_ upload: UploadID) { carried.withLock { $0[upload] = 0 } }

    func end(_ upload: UploadID) { carried.withLock { _ = $0.removeValue(forKey: upload) } }

    /// So many bytes of a file have been taken.
    ///
    /// - Parameter areNew: whether by this attempt; otherwise they were there.
    func count(_ count: Int64, of upload: UploadID, areNew: Bool = true) {
        carried.withLock { $0[upload, default: 0] += count }
        if areNew { bytes.add(count, ordering: .relaxed) }
    }
}
