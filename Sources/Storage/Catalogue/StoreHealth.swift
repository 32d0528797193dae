internal import Synchronization

/// Whether the catalogue takes changes.
///
/// | state     | what happened                                                  | way back                        |
/// |-----------|----------------------------------------------------------------|---------------------------------|
/// | well      | –                                                              |                                 |
/// | suspended | a commit failed, and a start might yet find it in the log      | a commit that succeeds after it |
/// | failed    | the catalogue is damaged                                       | `sluice check`, and a restart   |
final class StoreHealth: Sendable {
    private enum State {
        case well
        case suspended(StorageError)
        case failed(StorageError)
    }

    private let state = Mutex(State.well)
    private let onEvent: @Sendable (StoreEvent) -> Void

    init(onEvent: @escaping @Sendable (StoreEvent) -> Void) { self.onEvent = onEvent }

    /// Why it does not, or nil.
    var failure: StorageError? {
        state.withLock { state in
            switch state {
            case .well: nil
            case .suspended(let error), .failed(let error): error
            }
        }
    }

    var isSuspended: Bool {
        state.withLock { state in
            if case .suspended = state { true } else { false }
        }
    }

    /// Shuts the catalogue for changes until the next start.
    func fail(_ error: StorageError) {
        let isFirst = state.withLock { state in
            if case .failed = state { return false }
            state = .failed(error)
            return true
        }
        if isFirst { onEvent(.catalogueFailed(error.description)) }
    }

    /// Shuts the catalogue for changes until it is well again.
    func suspend(_ error: StorageError) {
        let isFirst = state.withLock { state in
            guard case .well = state else { return false }
            state = .suspended(error)
            return true
        }
        if isFirst { onEvent(.catalogueSuspended(error.description)) }
    }

    /// Opens a suspended catalogue.
    func resume() {
        let isSuspended = state.withLock { state in
            guard case .suspended = state else { return false }
            state = .well
            return true
        }
        if isSuspended { onEvent(.catalogueResumed) }
    }
}
