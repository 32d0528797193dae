/// Points in time at which watches want to be looked at, soonest first: a binary heap. Confined to the loop.
///
/// A watch has one entry at most, found by its slot, so the heap is never larger than the number of watches, however
/// often deadlines move.
struct TimerQueue {
    private struct Entry {
        /// SystemClock.monotonicNanoseconds.
        var nanoseconds: Int64
        let token: EventToken
    }

    private var heap: ContiguousArray<Entry> = []
    /// Where the entry of each slot's watch lies in the heap, −1 for nowhere.
    private var places: ContiguousArray<Int32> = []

    var earliest: Int64? { heap.first?.nanoseconds }
    var count: Int { heap.count }

    /// Enters a watch, or moves its entry to another time.
    mutating func set(_ token: EventToken, at nanoseconds: Int64) {
        while places.count <= token.slot { places.append(-1) }
        var place = Int(places[token.slot])
        if place < 0 {
            place = heap.count
            heap.append(Entry(nanoseconds: nanoseconds, token: token))
        } else {
            heap[place].nanoseconds = nanoseconds
        }
        settle(place)
    }

    /// Takes a watch's entry out, if it has one.
    mutating func remove(_ token: EventToken) {
        guard token.slot < places.count, case let place = Int(places[token.slot]), place >= 0 else { return }
        places[token.slot] = -1
        let last = heap.removeLast()
        guard place < heap.count else { return }
        heap[place] = last
        settle(place)
    }

    /// Takes out the watch with the earliest entry, if its time has come.
    mutating func popDue(at now: Int64) -> EventToken? {
        guard let first = heap.first, first.nanoseconds <= now else { return nil }
        remove(first.token)
        return first.token
    }

    /// Brings the entry at `start`, the only one that may lie wrong, to where it belongs.
    private mutating func settle(_ start: Int) {
        let entry = heap[start]
        var place = start
        while place > 0, case let parent = (place - 1) / 2, heap[parent].nanoseconds > entry.nanoseconds {
            put(heap[parent], at: place)
            place = parent
        }
        while case var child = 2 * place + 1, child < heap.count {
            if child + 1 < heap.count, heap[child + 1].nanoseconds < heap[child].nanoseconds { child += 1 }
            guard heap[child].nanoseconds < entry.nanoseconds else { break }
            put(heap[child], at: place)
            place = child
        }
        put(entry, at: place)
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        heap[place] = entry
        places[entry.token.slot] = Int32(truncatingIfNeeded: place)
    }
}
