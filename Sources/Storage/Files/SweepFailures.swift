/// What a sweep had to pass over.
struct SweepFailures {
    private(set) var first: StorageError?
    private(set) var count = 0

    /// A record of a newer program is no failure: it is left alone, and its files with it.
    mutating func add(_ error: StorageError) {
        if case .newerRecord = error { return }
        first = first ?? error
        count += 1
    }

    mutating func add(_ others: SweepFailures) {
        first = first ?? others.first
        count += others.count
    }
}
