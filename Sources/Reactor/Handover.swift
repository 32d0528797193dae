internal import Synchronization

/// Carries a value that has one owner into a closure that is copied, as those of tasks are. Taken out once.
final class Handover<Value: ~Copyable & Sendable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: consuming Value) { self.value = Mutex(consume value) }

    /// The value, nil when it has been taken.
    func take() -> Value? { value.withLock { $0.take() } }
}
