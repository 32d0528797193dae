internal import Synchronization

/// Whether the catalogue takes changes.
///
/// | state     | what happened                                                  | way back                        |
/// |-----------|----------------------------------------------------------------|---------------------------------|
/// | well      | –                                                              |                                 |
/// | refusing  | a commit failed and left nothing; the next one is tried        | a commit that succeeds          |
/// | suspended | a commit failed, and a start might yet find it in the log      | a commit that succeeds after it |
/// | failed    | the catalogue is damaged                                       | `sluice check`, and a restart   |
final class StoreHealth: Sendable {
    private enum State {
        case well
        case refusing(StorageError)
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
            case .well, .refusing: nil
            case .suspended(let error), .failed(let error): error
            }
        }
    }

    var isSuspended: Bool {
        state.withLock { state in
            if case .suspended = state { true } else { false }
        }
    }

    /// Why the last change was not recorded, or nil where it was.
    var lastFailure: StorageError? {
        state.withLock { state in
            switch state {
            case .well: nil
            case .refusing(let error), .suspended(let error), .failed(let error): error
            }
        }
    }

    /// Whether it is to be tried again and again until it is well.
    var isTried: Bool {
        state.withLock { state in
            switch state {
            case .well, .failed: false
            case .refusing, .suspended: true
            }
        }
    }

    /// A change was refused, and the next one may be taken.
    func refuse(_ error: StorageError) {
        state.withLock { state in
            if case .well = state { state = .refusing(error) }
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
            switch state {
            case .suspended, .failed: return false
            case .well, .refusing: state = .suspended(error)
            }
            return true
        }
        if isFirst { onEvent(.catalogueSuspended(error.description)) }
    }

    /// A commit has succeeded: opens a suspended catalogue.
    func resume() {
        let isSuspended = state.withLock { state in
            switch state {
            case .well, .failed: return false
            case .refusing:
                state = .well
                return false
            case .suspended: state = .well
            }
            return true
        }
        if isSuspended { onEvent(.catalogueResumed) }
    }
}
