/// Points in time at which watches want to be looked at, soonest first (a binary heap). Confined to the loop.
///
/// Entries are never searched or removed: a watch that moved its deadline finds out when the old entry fires.
struct TimerQueue {
    struct Entry {
        /// SystemClock.monotonicNanoseconds.
        let nanoseconds: Int64
        let token: EventToken
    }

    private var heap: ContiguousArray<Entry> = []

    var earliest: Int64? { heap.first?.nanoseconds }
    var count: Int { heap.count }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].nanoseconds <= heap[child].nanoseconds { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    /// Takes out the earliest entry if its time has come.
    mutating func popDue(at now: Int64) -> Entry? {
        guard let first = heap.first, first.nanoseconds <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { return first }
            if child + 1 < heap.count, heap[child + 1].nanoseconds < heap[child].nanoseconds { child += 1 }
            if heap[parent].nanoseconds <= heap[child].nanoseconds { return first }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
