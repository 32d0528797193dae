internal import Uploads

extension CatalogueChange {
    /// What a committed change makes true, by the rules of the outbox's triggers.
    ///
    /// - Parameter old: the record that it replaces.
    func events(after old: Upload?) -> [UploadFeed.Change] {
        if let leaving { return old == nil || old?.state == .expired ? [] : [(.deleted, leaving)] }
        guard let new = recorded else { return [] }
        return CatalogueChange.kinds(from: old, to: new).map { ($0, new) }
    }

    private static func kinds(from old: Upload?, to new: Upload) -> [UploadEvent.Kind] {
        guard let old else {
            switch new.state {
            case .open: return [.created]
            case .finished: return [.created, .finished]
            case .failed: return [.failed]
            case .expired: return []
            }
        }
        let isNewDelivery = new.finished?.finishedNanoseconds != old.finished?.finishedNanoseconds
        let wasUnfinished = old.state == .open || old.state == .failed
        switch new.state {
        case .failed: return old.state == .failed ? [] : [.failed]
        case .expired: return wasUnfinished ? [.expired] : []
        case .open:
            let isNew = old.state != .open || new.offset < old.offset || new.createdSeconds != old.createdSeconds
            return isNew ? [.created] : []
        case .finished:
            if !isNewDelivery { return wasUnfinished ? [.expired] : [] }
            return old.state == .open ? [.finished] : [.created, .finished]
        }
    }
}
