/// What a sweep had to pass over.
struct SweepFailures {
    private(set) var first: StorageError?
    private(set) var count = 0

    mutating func add(_ error: StorageError) {
        first = first ?? error
        count += 1
    }

    mutating func add(_ others: SweepFailures) {
        first = first ?? others.first
        count += others.count
    }
}
