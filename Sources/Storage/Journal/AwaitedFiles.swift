internal import Synchronization
internal import Uploads

/// Delivered files that a loss of power may have damaged and that are not written again yet: nobody is to look at them.
final class AwaitedFiles: Sendable {
    /// Why each of them cannot be had now.
    private let failures = Mutex<[UploadID: StorageError]>([:])
    private let isEmpty = Atomic<Bool>(true)

    /// Why the file of this upload cannot be had now; nil for nearly all.
    func failure(_ id: UploadID) -> StorageError? {
        if isEmpty.load(ordering: .acquiring) { return nil }
        return failures.withLock { $0[id] }
    }

    func insert(_ files: [SmallFile]) {
        failures.withLock { failures in
            for file in files { failures[file.id] = .closed }
        }
        isEmpty.store(false, ordering: .releasing)
    }

    /// It could not be written, for this reason, where it is awaited.
    func fail(_ file: SmallFile, _ failure: StorageError) {
        failures.withLock { failures in
            if failures[file.id] != nil { failures[file.id] = failure }
        }
    }

    func remove(_ files: [SmallFile]) {
        let isEmpty = failures.withLock { failures in
            for file in files { failures[file.id] = nil }
            return failures.isEmpty
        }
        self.isEmpty.store(isEmpty, ordering: .releasing)
    }
}
