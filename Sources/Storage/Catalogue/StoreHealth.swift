internal import Synchronization

/// Whether the catalogue still takes changes.
final class StoreHealth: Sendable {
    private let state = Mutex<StorageError?>(nil)
    private let onEvent: @Sendable (StoreEvent) -> Void

    init(onEvent: @escaping @Sendable (StoreEvent) -> Void) { self.onEvent = onEvent }

    /// Why it does not, or nil.
    var failure: StorageError? { state.withLock { $0 } }

    /// Shuts the catalogue for changes until the next start.
    func fail(_ error: StorageError) {
        let isFirst = state.withLock { state in
            defer { state = state ?? error }
            return state == nil
        }
        if isFirst { onEvent(.catalogueFailed(error.description)) }
    }
}
