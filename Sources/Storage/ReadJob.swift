internal import LinuxSystem
internal import Synchronization

/// One read: the buffer travels to a disk thread and back in it.
final class ReadJob: DiskJob {
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
    private let isDelivered: Bool
    private let state: Mutex<State>

    /// - Parameter isDelivered: whether it is a whole file, which is one content as long as nobody writes to it.
    init(
        _ source: DeliveredFile, _ buffer: consuming AlignedBuffer, offset: Int64, count: Int, isDelivered: Bool
    ) {
        self.isDelivered = isDelivered
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
            // What was sent before belongs to another content then.
            if isDelivered, try !source.isUnchanged() { throw .stale }
        } catch { failure = StorageError(error, "read a stored file") }
        finish { state in
            state.buffer = buffer.take()
            state.count = failure == nil ? found : 0
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
