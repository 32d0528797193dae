internal import Synchronization

/// A wish that what was given up is told again, on its way to be recorded: somebody waits for the commit.
final class Retelling: Sendable {
    /// By which the event is called; nil for all.
    let sequence: Int64?
    private let waiter: Mutex<UnsafeContinuation<Int?, Never>?>

    init(_ sequence: Int64?, _ waiter: UnsafeContinuation<Int?, Never>) {
        self.sequence = sequence
        self.waiter = Mutex(waiter)
    }

    /// - Parameter count: of what is told again; nil where the store closes.
    func end(_ count: Int?) { waiter.withLock { $0.take() }?.resume(returning: count) }
}
