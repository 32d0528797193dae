/// A change on its way through a commit. Confined to the catalogue's thread.
struct CatalogueStep {
    enum Outcome: Equatable {
        case goes
        case failed(StorageError)
        /// A small body that is to take the long way.
        case refused
    }

    let change: CatalogueChange
    var outcome = Outcome.goes
    /// The batch of the journal that holds a small body; nil leaves the row's word on that as it is.
    var journal: Int64?

    init(_ change: CatalogueChange) { self.change = change }

    var small: SmallBody? {
        if case .deliver(let body) = change.content { return body }
        return nil
    }

    /// Whether a file gets its name only when its record is committed.
    var namesFile: Bool {
        switch change.content {
        case .deliver, .finish: true
        case .put, .reset, .delete, .remove: false
        }
    }

    var failure: StorageError? {
        if case .failed(let error) = outcome { return error }
        return nil
    }

    /// Tells whoever waits for the change how it ended.
    func answer() {
        change.done?(failure)
        guard let small else { return }
        switch outcome {
        case .goes: small.done(.delivered)
        case .failed(let error): small.done(.failed(error))
        case .refused: small.done(.refused)
        }
    }
}
