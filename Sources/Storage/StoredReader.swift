public import LinuxSystem

/// The bytes of one file: of an upload that is still open, as its permit's holder may read them, or of a delivered one.
public struct StoredReader: ~Copyable, Sendable {
    /// In bytes; of an open upload, what was written up to now.
    public let length: Int64

    private let source: DeliveredFile
    private let disk: DiskThreads
    private let isDelivered: Bool

    init(_ source: DeliveredFile, length: Int64, disk: DiskThreads, isDelivered: Bool = false) {
        self.isDelivered = isDelivered
        self.source = source
        self.length = length
        self.disk = disk
    }

    /// Reads `count` bytes at `offset` into the start of `buffer`, on a disk thread; fewer only at the end of the file
    /// or of the buffer, and none of a delivered one that somebody has written to since it was opened.
    public func read(into buffer: consuming AlignedBuffer, at offset: Int64, count: Int) async -> FilledBuffer {
        let room = buffer.count
        let job = ReadJob(source, buffer, offset: offset, count: min(max(count, 0), room), isDelivered: isDelivered)
        await job.wait(on: disk)
        return job.result()
    }
}
