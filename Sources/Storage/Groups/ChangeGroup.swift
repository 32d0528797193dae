internal import Synchronization
internal import Uploads

/// Changes that are committed together or not at all. They stand behind one another in the catalogue's queue.
final class ChangeGroup: Sendable {
    /// What went wrong with which of them.
    typealias Failures = [UploadID: StorageError]

    private struct State {
        var left: Int
        var failures: Failures = [:]
    }

    private let state: Mutex<State>
    private let waiter: UnsafeContinuation<Failures, Never>

    /// - Parameters:
    ///   - count: how many changes they are, at least one.
    ///   - waiter: resumed when each of them has been answered.
    init(count: Int, _ waiter: UnsafeContinuation<Failures, Never>) {
        state = Mutex(State(left: count))
        self.waiter = waiter
    }

    /// How many of the first changes share a commit: as many as may, and the rest of a group with them.
    static func countAtOnce(_ changes: ArraySlice<CatalogueChange>) -> Int {
        var count = min(changes.count, StorageLimits.changesPerCommitMax)
        while count > 0, count < changes.count, let group = changes[changes.startIndex + count].group,
            changes[changes.startIndex + count - 1].group === group
        {
            count += 1
        }
        return count
    }

    func answer(_ id: UploadID, _ failure: StorageError?) {
        let failures: Failures? = state.withLock { state in
            state.failures[id] = failure
            state.left -= 1
            return state.left == 0 ? state.failures : nil
        }
        if let failures { waiter.resume(returning: failures) }
    }
}
