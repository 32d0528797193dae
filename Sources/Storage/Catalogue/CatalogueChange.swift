internal import Uploads

/// Directories whose entries must be on stable storage before a change is recorded.
struct DirectorySyncs: OptionSet {
    let rawValue: UInt8
    static let uploads = DirectorySyncs(rawValue: 1)
    static let complete = DirectorySyncs(rawValue: 2)
}

/// One change on its way to the catalogue.
struct CatalogueChange: Sendable {
    enum Content: Sendable {
        case put(Upload)
        /// The same for an upload that begins anew, or ends without its bytes: nothing else may lower an offset.
        case reset(Upload)
        /// The record goes, and with it what it said of an offset; its files are to follow. Only the epoch is compared.
        case delete(Upload)
        /// A whole small body: its file is delivered around the commit of its record.
        case deliver(SmallBody)
        /// The record of an upload whose file is whole and synced: it gets its name right after the commit.
        case finish(Upload)
        case remove(epoch: Int64, owner: Owner?)
    }

    let id: UploadID
    let content: Content
    let syncs: DirectorySyncs
    /// Called on the catalogue's thread after the commit, with what went wrong or nil.
    let done: (@Sendable (StorageError?) -> Void)?
    /// Those with which it is committed or not at all; they stand beside it in the queue.
    var group: ChangeGroup?

    /// The record that stands once the change is committed.
    var recorded: Upload? {
        switch content {
        case .put(let upload), .reset(let upload), .finish(let upload): upload
        case .deliver(let body): body.finished
        case .delete, .remove: nil
        }
    }

    /// Whose upload it is.
    var owner: Owner? {
        switch content {
        case .put(let upload), .reset(let upload), .delete(let upload), .finish(let upload): upload.owner
        case .deliver(let body): body.finished.owner
        case .remove(_, let owner): owner
        }
    }

    /// What is deleted by it, whose files are still there.
    var leaving: Upload? {
        if case .delete(let upload) = content { return upload }
        return nil
    }
}
