/// A thread, or a lane of threads, without which nothing of any upload is told or stored.
public enum StoreThread: String, CaseIterable, Sendable {
    /// Records what is stored.
    case catalogue
    /// Reads records that memory does not hold.
    case records
    /// The disk threads' short lane.
    case disk
    /// The lane of syncs and copies.
    case sync
}
