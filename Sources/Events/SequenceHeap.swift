/// Sequences of events by a number each, the least first: a binary heap. Who leaves is not looked for: what is not
/// wanted any more is taken out when it has come to the front.
struct SequenceHeap {
    private struct Entry {
        let key: Int64
        let sequence: Int64
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }

    /// What is in front, with its number; nil without any.
    var first: (key: Int64, sequence: Int64)? { heap.first.map { ($0.key, $0.sequence) } }

    mutating func insert(_ sequence: Int64, by key: Int64) {
        let entry = Entry(key: key, sequence: sequence)
        var place = heap.count
        heap.append(entry)
        while place > 0, case let parent = (place - 1) / 2, heap[parent].key > key {
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = entry
    }

    mutating func removeFirst() {
        guard let entry = heap.popLast(), !heap.isEmpty else { return }
        var place = 0
        while case var child = 2 * place + 1, child < heap.count {
            if child + 1 < heap.count, heap[child + 1].key < heap[child].key { child += 1 }
            guard heap[child].key < entry.key else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = entry
    }

    /// Leaves only what is wanted.
    mutating func keep(where isWanted: (Int64) -> Bool) {
        let old = heap.filter { isWanted($0.sequence) }
        heap = []
        for entry in old { insert(entry.sequence, by: entry.key) }
    }
}
