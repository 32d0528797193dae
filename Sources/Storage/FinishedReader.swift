public import LinuxSystem
public import Uploads

/// An open delivered file. It stays readable while it is replaced or deleted.
public struct FinishedReader: ~Copyable, Sendable {
    /// The file's name, its length in bytes, and when it was delivered.
    public let finished: FinishedFile

    private let bytes: StoredReader

    init(_ source: DeliveredFile, finished: FinishedFile, disk: DiskThreads) {
        self.finished = finished
        bytes = StoredReader(source, length: finished.length, disk: disk)
    }

    /// As `StoredReader.read`.
    public func read(into buffer: consuming AlignedBuffer, at offset: Int64, count: Int) async -> FilledBuffer {
        await bytes.read(into: buffer, at: offset, count: count)
    }
}
