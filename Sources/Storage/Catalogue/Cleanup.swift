/// Files of an upload that are still to be removed. It is recorded with the change that makes them superfluous, so
/// that a crash in between forgets none.
enum Cleanup: Int64, CaseIterable, Sendable {
    case none = 0
    /// The upload is deleted: all its files go, then the row. Such a row stands for no record.
    case all = 1
    /// The upload is finished, and files of deliveries before go (`Upload.older`), and nothing else: what lies beside
    /// them is the owner's. In a row of an older program that did not keep their names nothing goes.
    case older = 2
}
