internal import Synchronization

/// A number that one thread raises and any thread reads: as cheap as a plain addition, since nobody else writes.
struct Tally: ~Copyable {
    private let value = Atomic<Int64>(0)

    /// Only on the one thread that this value is for.
    func add(_ count: Int64) { value.store(value.load(ordering: .relaxed) &+ count, ordering: .relaxed) }

    /// From any thread; it may be a moment old.
    var count: Int64 { value.load(ordering: .relaxed) }
}
