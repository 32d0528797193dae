internal import Synchronization

/// What became of readings of published keys, over all places and the life of the server. From any thread.
final class KeyCounts: Sendable {
    let new = Atomic<Int64>(0)
    let same = Atomic<Int64>(0)
    let failed = Atomic<Int64>(0)

    /// By their names in the metrics.
    var all: [(name: String, count: Int64)] {
        [
            ("new", new.load(ordering: .relaxed)), ("same", same.load(ordering: .relaxed)),
            ("failed", failed.load(ordering: .relaxed)),
        ]
    }
}
