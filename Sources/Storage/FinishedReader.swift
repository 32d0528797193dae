public import LinuxSystem
internal import Synchronization
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

/// What a read brought.
public struct FilledBuffer: ~Copyable, Sendable {
    /// Bytes read, from the start of the buffer on.
    public let count: Int
    /// Why nothing was read, or nil.
    public let failure: StorageError?
    private let buffer: AlignedBuffer

    fileprivate init(_ buffer: consuming AlignedBuffer, count: Int, failure: StorageError?) {
        self.buffer = buffer
        self.count = count
        self.failure = failure
    }

    /// Hands the buffer back to its owner.
    public consuming func takeBuffer() -> AlignedBuffer { buffer }
}

/// One read: the buffer travels to a disk thread and back in it.
private final class ReadJob: DiskJob {
    private struct State: ~Copyable {
        var buffer: AlignedBuffer?
        var count = 0
        var failure: StorageError?
        var waiter: UnsafeContinuation<Void, Never>?

        init(_ buffer: consuming AlignedBuffer) { self.buffer = consume buffer }
    }

    private let source: DeliveredFile
    private let offset: Int64
    private let count: Int
    private let state: Mutex<State>

    init(_ source: DeliveredFile, _ buffer: consuming AlignedBuffer, offset: Int64, count: Int) {
        self.source = source
        self.offset = offset
        self.count = count
        state = Mutex(State(buffer))
    }

    func wait(on disk: DiskThreads) async {
        await withUnsafeContinuation { waiter in
            state.withLock { $0.waiter = waiter }
            if !disk.submit(self) { finish { $0.failure = .closed } }
        }
    }

    func run() {
        var buffer = state.withLock { $0.buffer.take() }
        var found = 0
        var failure: StorageError?
        do throws(Errno) {
            if let memory = buffer?.memory { found = try source.file.read(into: memory, count: count, at: offset) }
        } catch { failure = StorageError(error, "read a finished file") }
        finish { state in
            state.buffer = buffer.take()
            state.count = found
            state.failure = failure
        }
    }

    func result() -> FilledBuffer {
        state.withLock { FilledBuffer($0.buffer.take()!, count: $0.count, failure: $0.failure) }
    }

    private func finish(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
