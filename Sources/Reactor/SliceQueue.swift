/// Tasks that wait for a slice of the loop's time, first come, first served. Confined to the loop.
struct SliceQueue {
    private var tasks: ContiguousArray<UnsafeContinuation<Void, Never>> = []
    private var first = 0

    /// How many wait.
    var count: Int { tasks.count - first }

    mutating func append(_ task: UnsafeContinuation<Void, Never>) { tasks.append(task) }

    mutating func popFirst() -> UnsafeContinuation<Void, Never>? {
        guard first < tasks.count else { return nil }
        let task = tasks[first]
        first += 1
        if first == tasks.count {
            tasks.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 1024, first * 2 >= tasks.count {
            tasks.removeSubrange(..<first)
            first = 0
        }
        return task
    }
}
