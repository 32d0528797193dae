public import LinuxSystem
public import Uploads

/// An open delivered file. It stays readable while it is replaced or deleted.
public struct FinishedReader: ~Copyable, Sendable {
    /// The file's name, its length in bytes, and when it was delivered.
    public let finished: FinishedFile

    private let source: DeliveredFile
    private let disk: DiskThreads

    init(_ source: DeliveredFile, finished: FinishedFile, disk: DiskThreads) {
        self.finished = finished
        self.source = source
        self.disk = disk
    }

    /// Reads `count` bytes at `offset` into the start of `buffer`, on a disk thread; fewer only at the end of the file.
    public func read(
        into buffer: consuming AlignedBuffer, at offset: Int64, count: Int
    ) async -> FilledBuffer {
        precondition(count <= buffer.count)
        let job = ReadJob(source, buffer, offset: offset, count: count)
        await job.wait(on: disk)
        return job.result()
    }
}
