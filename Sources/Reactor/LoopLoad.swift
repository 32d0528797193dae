internal import Synchronization

/// What a loop has to do, as others see it. Any thread reads it; the numbers may be a moment old.
public final class LoopLoad: Sendable {
    private let connections = Atomic<Int>(0)
    private let busy = Atomic<Int>(0)

    init() {}

    /// Connections that live on the loop.
    public var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// Of those, the ones that do not wait for a request.
    public var busyCount: Int { busy.load(ordering: .relaxed) }

    /// A connection has been placed here. It counts as busy until it says that it idles.
    public func added() {
        connections.wrappingAdd(1, ordering: .relaxed)
        busy.wrappingAdd(1, ordering: .relaxed)
    }

    /// A connection has ended. It must be busy at that moment.
    public func removed() {
        connections.wrappingSubtract(1, ordering: .relaxed)
        busy.wrappingSubtract(1, ordering: .relaxed)
    }

    /// A connection waits for its next request.
    public func becameIdle() { busy.wrappingSubtract(1, ordering: .relaxed) }

    /// It has come.
    public func becameBusy() { busy.wrappingAdd(1, ordering: .relaxed) }

    /// Busy connections count first; a hundred thousand idle ones weigh less than one upload.
    var score: (Int, Int) { (busyCount, connectionCount) }
}
