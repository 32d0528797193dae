public import LinuxSystem
public import Uploads

/// An open delivered file. It stays readable while it is replaced or deleted.
public struct FinishedReader: ~Copyable, Sendable {
    /// The file's name, its length in bytes, and when it was delivered.
    public let finished: FinishedFile
    /// Whether a newer one may stand under the name already, whose record is on its way: what is known of the file may
    /// be that of the one before. Its length is that of the open one.
    public let isBeingReplaced: Bool

    /// The file as it was when it was opened.
    public let state: DeliveredState
    private let bytes: StoredReader
    let source: DeliveredFile

    /// Whether nobody seems to have written to it since it was delivered.
    var isAsItCame: Bool {
        guard let modified = finished.modifiedNanoseconds else { return false }
        let (late, overflow) = finished.finishedNanoseconds.addingReportingOverflow(
            StorageLimits.digestTrustedNanoseconds)
        return overflow || modified <= late
    }

    init(_ source: DeliveredFile, finished: FinishedFile, isBeingReplaced: Bool, disk: DiskThreads) {
        self.finished = finished
        self.isBeingReplaced = isBeingReplaced
        state = source.state
        self.source = source
        bytes = StoredReader(source, length: finished.length, disk: disk, isDelivered: true)
    }

    /// As `StoredReader.read`.
    public func read(into buffer: consuming AlignedBuffer, at offset: Int64, count: Int) async -> FilledBuffer {
        await bytes.read(into: buffer, at: offset, count: count)
    }
}
