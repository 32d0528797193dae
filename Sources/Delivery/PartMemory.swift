internal import Synchronization

/// The memory of parts that are on their way, of all files together: who wants more than is left waits in line. From
/// any thread.
final class PartMemory: Sendable {
    private struct State {
        var used: Int64 = 0
        var line: [(bytes: Int64, waiter: UnsafeContinuation<Void, Never>)] = []

        func fits(_ bytes: Int64) -> Bool { used == 0 || used + bytes <= DeliveryLimits.memoryBytes }
    }

    private let state = Mutex(State())

    /// Waits for room; to be given back by `give`. More than there is in all goes alone.
    func take(_ bytes: Int64) async {
        await withUnsafeContinuation { waiter in
            let isThere = state.withLock { state in
                if state.line.isEmpty, state.fits(bytes) {
                    state.used += bytes
                    return true
                }
                state.line.append((bytes, waiter))
                return false
            }
            if isThere { waiter.resume() }
        }
    }

    func give(_ bytes: Int64) {
        let next = state.withLock { state in
            state.used -= bytes
            var next: [UnsafeContinuation<Void, Never>] = []
            while let first = state.line.first, state.fits(first.bytes) {
                state.used += first.bytes
                next.append(first.waiter)
                state.line.removeFirst()
            }
            return next
        }
        for waiter in next { waiter.resume() }
    }
}
