internal import Synchronization
internal import Uploads

/// Delivered files that a loss of power may have damaged and that are not written again yet: nobody is to look at them.
final class AwaitedFiles: Sendable {
    private struct State {
        var ids: Set<UploadID> = []
        var failure = StorageError.closed
    }

    private let state = Mutex(State())
    private let isEmpty = Atomic<Bool>(true)

    /// Why the file of this upload cannot be had now; nil for nearly all.
    func failure(_ id: UploadID) -> StorageError? {
        if isEmpty.load(ordering: .acquiring) { return nil }
        return state.withLock { $0.ids.contains(id) ? $0.failure : nil }
    }

    func insert(_ files: [SmallFile]) {
        state.withLock { $0.ids.formUnion(files.map(\.id)) }
        isEmpty.store(false, ordering: .releasing)
    }

    /// They could not be written, for this reason.
    func fail(_ failure: StorageError) { state.withLock { $0.failure = failure } }

    func remove(_ files: [SmallFile]) {
        let isEmpty = state.withLock { state in
            state.ids.subtract(files.map(\.id))
            return state.ids.isEmpty
        }
        self.isEmpty.store(isEmpty, ordering: .releasing)
    }
}
