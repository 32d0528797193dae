/// Kinds of disk work. Each has a queue of its own, so that what takes long does not stand before what takes a moment.
enum DiskLane: Sendable {
    /// Open, write, rename, remove, read: what the disk, or memory in front of it, does in a moment.
    case short
    /// Sync, and a step of a copy: the disk may take as long as it has to write. Never on all threads at a time.
    case long
}
