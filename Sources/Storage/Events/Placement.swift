internal import Synchronization

/// A file that stands in its place, on its way to be recorded: somebody waits for the commit.
final class Placement: Sendable {
    let sequence: Int64
    /// Nil for a file that has no place of its own.
    let place: StoredPlace?
    private let waiter: Mutex<UnsafeContinuation<EventOutbox.Placed, Never>?>

    init(_ sequence: Int64, _ place: StoredPlace?, _ waiter: UnsafeContinuation<EventOutbox.Placed, Never>) {
        self.sequence = sequence
        self.place = place
        self.waiter = Mutex(waiter)
    }

    func end(_ outcome: EventOutbox.Placed) { waiter.withLock { $0.take() }?.resume(returning: outcome) }
}
