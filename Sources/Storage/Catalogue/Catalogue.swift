internal import Uploads

/// The way into the catalogue, for every thread: queues changes behind one another and shows them to readers.
final class Catalogue: Sendable {
    let table: UploadTable
    private let changes: BatchQueue<CatalogueChange>

    init(table: UploadTable, changes: BatchQueue<CatalogueChange>) {
        self.table = table
        self.changes = changes
    }

    /// Queues a change of an upload that the caller holds.
    ///
    /// - Parameters:
    ///   - isVisible: whether readers see it at once, or only when it is committed (offsets).
    ///   - done: called once it is committed or has failed, on the catalogue's thread (or on this one when the store
    ///     is closed).
    func enqueue(
        _ id: UploadID, _ content: CatalogueChange.Content, syncs: DirectorySyncs = [], isVisible: Bool = false,
        done: (@Sendable (StorageError?) -> Void)? = nil
    ) {
        let change = CatalogueChange(id: id, content: content, syncs: syncs, done: done)
        table.stage(change, isVisible: isVisible)
        send(change)
    }

    /// Shows readers the record of a new upload, for which a change will be sent later: by `enqueueStaged`, once.
    ///
    /// - Throws: `tooManyUploads`; nothing is to be sent then.
    func stageCreation(_ upload: Upload) throws(StorageError) {
        let change = CatalogueChange(id: upload.id, content: .put(upload), syncs: [], done: nil)
        guard table.stageCreation(change) else { throw .tooManyUploads }
    }

    /// Queues the change of an upload that was announced by `stage`.
    func enqueueStaged(
        _ id: UploadID, _ content: CatalogueChange.Content, done: (@Sendable (StorageError?) -> Void)? = nil
    ) {
        send(CatalogueChange(id: id, content: content, syncs: [], done: done))
    }

    /// Records a new upload, and waits for its commit.
    ///
    /// - Throws: `tooManyUploads`, or what the catalogue says; there is no record then.
    func create(_ upload: Upload) async throws(StorageError) {
        try stageCreation(upload)
        let failure: StorageError? = await withUnsafeContinuation { continuation in
            enqueueStaged(upload.id, .put(upload)) { continuation.resume(returning: $0) }
        }
        if let failure { throw failure }
    }

    /// Queues a change and waits for its commit.
    func record(
        _ id: UploadID, _ content: CatalogueChange.Content, syncs: DirectorySyncs = [], isVisible: Bool = false
    ) async throws(StorageError) {
        let failure: StorageError? = await withUnsafeContinuation { continuation in
            enqueue(id, content, syncs: syncs, isVisible: isVisible) { continuation.resume(returning: $0) }
        }
        if let failure { throw failure }
    }

    /// Queues changes of uploads that the caller holds, which are committed together or not at all, and waits for that.
    ///
    /// - Returns: what went wrong with which of them. All have failed then, unless they are committed and it is a file
    ///   that could not get its name.
    func record(
        together changes: [(id: UploadID, content: CatalogueChange.Content)], syncs: DirectorySyncs = []
    ) async -> ChangeGroup.Failures {
        if changes.isEmpty { return [:] }
        return await withUnsafeContinuation { waiter in
            let group = ChangeGroup(count: changes.count, waiter)
            let together = changes.map { id, content in
                CatalogueChange(
                    id: id, content: content, syncs: syncs, done: { group.answer(id, $0) }, group: group)
            }
            for change in together { table.stage(change, isVisible: false) }
            if !self.changes.send(all: together) { refuse(together) }
        }
    }

    /// Takes the answer of the reader's thread. A correction found on the way is queued before anybody who waits for
    /// the record can queue anything.
    func loaded(_ id: UploadID, _ result: Result<LoadedUpload, StorageError>) {
        let (effects, correction) = table.loaded(id, result)
        if let correction {
            send(CatalogueChange(id: id, content: .put(correction), syncs: [.uploads, .complete], done: nil))
        }
        table.perform(effects)
    }

    private func send(_ change: CatalogueChange) {
        if !changes.send(change) { refuse([change]) }
    }

    /// The store is closed.
    private func refuse(_ changes: [CatalogueChange]) {
        var steps = changes.map { CatalogueStep($0) }
        for index in steps.indices { steps[index].outcome = .failed(.closed) }
        table.committed(steps)
        for step in steps { step.answer() }
    }
}
