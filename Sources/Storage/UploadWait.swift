internal import Uploads

/// A wait that nothing else bounds: for an upload that somebody else has, for its record to be fetched, or for its
/// bytes to be settled.
public struct UploadWait: Sendable {
    enum Place {
        case table(UploadTable, UploadID)
        case append(Append)
    }

    let place: Place
    let number: UInt64

    /// Ends the wait with `busy`, if it has not ended yet. From any thread; does not wait.
    public func giveUp() {
        switch place {
        case .table(let table, let id): table.giveUp(id, number)
        case .append(let append): append.giveUp(number)
        }
    }
}
