internal import LinuxSystem
internal import Synchronization

/// Where a known number of tasks arrive, and wait until the main thread, which waits for all of them, opens.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [UnsafeContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let missing: Atomic<UInt32>

    init(expecting count: Int) { missing = Atomic(UInt32(count)) }

    /// Counts a task that does not wait.
    func arrive() {
        missing.wrappingSubtract(1, ordering: .releasing)
        Futex.wake(missing, count: 1)
    }

    /// Counts a task and lets it sleep until the gate opens. It comes back on its own loop.
    func arriveAndWait() async {
        arrive()
        await withUnsafeContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Blocks the calling thread until all have arrived.
    func waitUntilAllArrived() {
        while true {
            let count = missing.load(ordering: .acquiring)
            if count == 0 { return }
            Futex.wait(missing, while: count)
        }
    }

    /// Lets everybody go on, now and later.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
