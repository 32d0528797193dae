/// What an offset that was told has to survive.
public enum Durability: String, Sendable, CaseIterable {
    /// Power loss: data, directory entries and the catalogue are synced before an offset is told.
    case power
    /// A crash of the process only: the same order of operations, without a sync.
    case process
}
