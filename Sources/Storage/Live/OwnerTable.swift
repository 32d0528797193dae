internal import Uploads

/// What owners have of whom something was asked lately, as the catalogue says and as requests under way have promised
/// beyond that. Part of the table of uploads, under its lock.
///
/// What the catalogue says is a number of its own, read once and published with each commit from then on; so nothing
/// has to be counted, and nothing drifts. A promise counts for as much as the catalogue does not know of yet.
struct OwnerTable {
    typealias Waiter = UnsafeContinuation<Result<Usage, StorageError>, Never>

    fileprivate struct Entry {
        /// As of the last commit; nil before it is read.
        var recorded: Usage?
        /// What requests under way add to it.
        var promised = Usage.none
        /// How many of them have promised something.
        var promises = 0
        /// Who waits for it to be read.
        var waiters: [Waiter] = []

        var isIdle: Bool { promises == 0 && waiters.isEmpty }
    }

    private var entries: [Owner: Entry] = [:]
    /// With more entries those are forgotten that nobody needs at the moment.
    private var countMax = StorageLimits.cachedOwnersMin

    /// How many owners are known.
    var count: Int { entries.count }

    /// What an owner has, promises included; nil where that has to be read.
    func usage(of owner: Owner) -> Usage? {
        guard let entry = entries[owner], let recorded = entry.recorded else { return nil }
        return recorded.adding(entry.promised)
    }

    /// Takes somebody in who wants to know. Answers whether it is to be read: somebody else may have asked.
    mutating func await(_ owner: Owner, _ waiter: Waiter) -> Bool {
        var entry = entries[owner] ?? Entry()
        let isFirst = entry.waiters.isEmpty
        entry.waiters.append(waiter)
        entries[owner] = entry
        if entries.count > countMax { forget() }
        return isFirst
    }

    /// Takes what was read. A commit may have been faster, and its number is the newer one.
    ///
    /// - Returns: who waited, and for what.
    mutating func loaded(
        _ owner: Owner, _ result: Result<Usage, StorageError>
    ) -> (waiters: [Waiter], answer: Result<Usage, StorageError>) {
        guard var entry = entries[owner] else { return ([], result) }
        defer { entries[owner] = entry }
        let waiters = entry.waiters
        entry.waiters = []
        if entry.recorded == nil, case .success(let usage) = result { entry.recorded = usage }
        return (waiters, entry.recorded.map { .success($0.adding(entry.promised)) } ?? result)
    }

    /// Whether a commit has to tell what an owner has now.
    func isKnown(_ owner: Owner) -> Bool { entries[owner] != nil }

    /// What the catalogue says since the last commit.
    mutating func publish(_ owner: Owner, _ usage: Usage) { entries[owner]?.recorded = usage }

    /// A promise has begun, changed or ended.
    mutating func change(from old: OwnerPromise?, to new: OwnerPromise?) {
        if let old { entries[old.owner]?.take(back: old.beyond) }
        if let new { entries[new.owner]?.add(new.beyond) }
    }

    private mutating func forget() {
        entries = entries.filter { !$0.value.isIdle }
        countMax = max(StorageLimits.cachedOwnersMin, 2 * entries.count)
    }
}

extension OwnerTable.Entry {
    fileprivate mutating func add(_ usage: Usage) {
        promised = promised.adding(usage)
        promises += 1
    }

    fileprivate mutating func take(back usage: Usage) {
        promised = promised.subtracting(usage)
        promises -= 1
    }
}
