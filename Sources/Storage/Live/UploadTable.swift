internal import Synchronization
internal import Uploads

/// Who waits for a record.
typealias RecordWaiter = UnsafeContinuation<Result<Upload?, StorageError>, Never>
/// Who waits for the right to change an upload.
typealias GrantWaiter = UnsafeContinuation<Result<Grant, StorageError>, Never>

/// Who holds which upload, and what is known of it: everything about uploads that is in motion, in memory.
///
/// An upload has an entry only while somebody holds or awaits it, or a change of it is not committed; the others rest
/// in a bounded cache and in the catalogue. Nothing here waits; continuations are resumed and fences called outside
/// the lock.
final class UploadTable: Sendable {
    typealias Live = LiveUpload<RecordWaiter, GrantWaiter>

    struct State {
        var live: [UploadID: Live] = [:]
        var resting = RecordCache(countMax: StorageLimits.cachedRecordsMax)
        var lastToken: UInt64 = 0
        var isClosed = false
        /// Open uploads, here and at rest in the catalogue.
        var openCount: Int
        /// What owners have, of whom that matters now.
        var owners = OwnerTable()
        /// Uploads that will be open as soon as a change of them is committed.
        var promisedCount = 0

        mutating func nextToken() -> UInt64 {
            lastToken += 1
            return lastToken
        }

        /// Works on an upload's entry, making it if needed, and puts it to rest if nobody needs it afterwards.
        mutating func with<T>(_ id: UploadID, _ body: (inout Live) -> T) -> T {
            // In its place where it has one: an entry is large.
            if let index = live.index(forKey: id) {
                let (result, reckoning) = live.values[index].reckoned(body)
                reckon(reckoning)
                if reckoning.isIdle, let upload = live.remove(at: index).value.resting { resting.keep(upload) }
                return result
            }
            var entry = resting.take(id).map(Live.init(cached:)) ?? Live(id)
            let (result, reckoning) = entry.reckoned(body)
            reckon(reckoning)
            if !reckoning.isIdle {
                live[id] = entry
            } else if let upload = entry.resting {
                resting.keep(upload)
            }
            return result
        }

        private mutating func reckon(_ reckoning: LiveReckoning) {
            openCount += reckoning.opened
            if reckoning.promised != nil || reckoning.promise != nil {
                owners.change(from: reckoning.promised, to: reckoning.promise)
            }
        }
    }

    let state: Mutex<State>
    let queries: BatchQueue<CatalogueQuery>
    /// What becomes of uploads, for whoever watches.
    let feed = UploadFeed()
    private let counters: StoreTallies
    private let openLimit: Atomic<Int>
    /// How many uploads may be open at once. From any thread; those that are open stay so.
    var openMax: Int {
        get { openLimit.load(ordering: .relaxed) }
        set { openLimit.store(newValue, ordering: .relaxed) }
    }

    /// - Parameter openCount: open uploads in the catalogue.
    init(queries: BatchQueue<CatalogueQuery>, counters: StoreTallies, openCount: Int, openMax: Int) {
        state = Mutex(State(openCount: openCount))
        self.queries = queries
        self.counters = counters
        openLimit = Atomic(openMax)
    }

    /// Open uploads, those included whose creation is not committed yet.
    var openCount: Int { state.withLock { $0.openCount } }

    /// Uploads that somebody holds, waits for, or has changed without a commit yet.
    var liveCount: Int { state.withLock { $0.live.count } }

    // MARK: Requests

    /// The record where memory has it, as `read` would answer; nil where the catalogue must be asked.
    ///
    /// - Throws: `closed`.
    func known(_ id: UploadID) throws(StorageError) -> Upload? {
        let result: Result<Upload?, StorageError> = state.withLock { state in
            if state.isClosed { return .failure(.closed) }
            return .success(state.live[id].map { $0.told } ?? state.resting.find(id))
        }
        return try result.get()
    }

    /// Holds an upload that memory knows nothing of; nil for every other one.
    func claimUnknown(_ id: UploadID) -> UInt64? {
        state.withLock { state in
            guard !state.isClosed, state.live[id] == nil, !state.resting.contains(id) else { return nil }
            let token = state.nextToken()
            state.with(id) { $0.holdBriefly(token) }
            return token
        }
    }

    /// Holds an upload at rest; memory forgets its record. Nil for one that somebody holds, waits for, or has changed
    /// without a commit yet.
    func claimAtRest(_ id: UploadID) -> UInt64? {
        state.withLock { state in
            guard !state.isClosed, state.live[id] == nil else { return nil }
            _ = state.resting.take(id)
            let token = state.nextToken()
            state.with(id) { $0.holdBriefly(token) }
            return token
        }
    }

    /// Tells memory what the catalogue has of an upload that the caller holds since it was at rest.
    func know(_ upload: Upload) { state.withLock { state in state.with(upload.id) { $0.know(upload) } } }

    /// Holds an upload of which the caller knows that there is none yet.
    ///
    /// - Throws: `misuse` for one that memory knows of.
    func claimNew(
        _ id: UploadID, by requester: UInt64? = nil, onFence: @escaping @Sendable () -> Void
    ) throws(StorageError) -> Grant {
        let result: Result<Grant, StorageError> = state.withLock { state in
            if state.isClosed { return .failure(.closed) }
            guard state.live[id] == nil, !state.resting.contains(id) else {
                return .failure(.misuse("an upload that is there cannot be new"))
            }
            let token = state.nextToken()
            state.with(id) { $0.holdNew(token, by: requester, onFence: onFence) }
            return .success(Grant(token: token, upload: nil))
        }
        return try result.get()
    }

    /// Tells who writes for the holder of an upload.
    func attach(_ id: UploadID, _ token: UInt64, _ append: Append) {
        state.withLock { state in state.with(id) { $0.attach(append, token) } }
    }

    /// Tells that nobody writes for the holder any more.
    func detach(_ id: UploadID, _ token: UInt64) {
        state.withLock { state in state.with(id) { $0.detach(token) } }
    }

    /// Tells what the holder of an upload is at work for, which a deletion ends.
    func attach(_ id: UploadID, _ token: UInt64, _ join: Join) {
        perform(state.withLock { state in state.with(id) { $0.attach(join, token) } })
    }

    /// The append that holds an upload, as long as nobody has fenced it and it was attached.
    func unfencedAppend(_ id: UploadID) -> Append? { state.withLock { $0.live[id]?.unfencedAppend } }

    /// Appends that hold uploads, of as many of those in motion as are looked at.
    func appends(among count: Int) -> [Append] {
        state.withLock { $0.live.prefix(count).compactMap(\.value.unfencedAppend) }
    }

    /// Whether somebody has claimed the upload, or waits to, and got no further yet.
    func isBeingTaken(_ id: UploadID) -> Bool { state.withLock { $0.live[id]?.isBeingTaken ?? false } }

    func release(_ id: UploadID, _ token: UInt64) {
        perform(state.withLock { state in state.with(id) { $0.release(token) } })
    }

    /// Whether somebody holds the upload.
    func isHeld(_ id: UploadID) -> Bool { state.withLock { $0.live[id]?.isHeld ?? false } }

    /// Whether the catalogue has committed a record of an upload that the caller holds.
    func isRecorded(_ id: UploadID) -> Bool { state.withLock { $0.live[id]?.isRecorded ?? false } }

    /// Whether nothing of an upload that the caller holds is on its way to the catalogue.
    func isSettled(_ id: UploadID) -> Bool { state.withLock { $0.live[id]?.isSettled ?? true } }

    /// Has the files of an upload that the caller holds compared with its record before anybody else has it.
    func doubt(_ id: UploadID) { state.withLock { state in state.with(id) { $0.doubt() } } }

    // MARK: The catalogue's threads

    func stage(_ change: CatalogueChange, isVisible: Bool) {
        state.withLock { state in state.with(change.id) { $0.stage(change, isVisible: isVisible) } }
    }

    /// Shows readers the record of an upload that begins, if there is room for one more open upload. Answers whether
    /// there was.
    func stageCreation(_ change: CatalogueChange) -> Bool {
        state.withLock { state in
            guard state.openCount + state.promisedCount < openMax else { return false }
            state.with(change.id) { $0.stage(change, isVisible: true) }
            return true
        }
    }

    /// Keeps room for an upload that is there and will be open, if there is some, until `keepPromise`. Answers whether
    /// there was.
    func promiseOpen() -> Bool {
        state.withLock { state in
            guard state.openCount + state.promisedCount < openMax else { return false }
            state.promisedCount += 1
            return true
        }
    }

    /// The upload is open by now, or will not be.
    func keepPromise() { state.withLock { $0.promisedCount -= 1 } }

    /// Takes back a change that was staged and will not be sent.
    func withdraw(_ id: UploadID) { perform(state.withLock { state in state.with(id) { $0.withdraw() } }) }

    /// - Parameter usage: what owners have now of whom somebody may want to know.
    /// - Returns: what became true, where somebody watches.
    @discardableResult
    func committed(
        _ steps: [CatalogueStep], usage: [(owner: Owner, usage: Usage)] = []
    ) -> [UploadFeed.Change] {
        let isWatched = feed.isKept
        let (effects, news) = state.withLock { state in
            for (owner, usage) in usage { state.owners.publish(owner, usage) }
            var news: [UploadFeed.Change] = []
            let effects = steps.flatMap { step in
                state.with(step.change.id) { entry in
                    if step.outcome == .goes {
                        counters.countStep(from: entry.committedRecord, to: step.change.recorded)
                        if isWatched { news += step.change.events(after: entry.committedRecord) }
                    }
                    return entry.committed(step)
                }
            }
            return (effects, news)
        }
        perform(effects)
        return news
    }

    func loaded(
        _ id: UploadID, _ result: Result<LoadedUpload, StorageError>
    ) -> (effects: [Live.Effect], correction: Upload?) {
        state.withLock { state in state.with(id) { $0.loaded(result) } }
    }

    func perform(_ effects: [Live.Effect]) {
        for effect in effects {
            switch effect {
            case .fence(let onFence):
                counters.add(.fences)
                onFence()
            case .answer(let waiter, let result): waiter.resume(returning: result)
            case .grant(let waiter, let result): waiter.resume(returning: result)
            case .load(let id):
                if !queries.send(.load(id)) { perform(loaded(id, .failure(.closed)).effects) }
            case .end(let join): join.end()
            }
        }
    }

    // MARK: Closing

    /// Lets nobody in any more.
    func close() { state.withLock { $0.isClosed = true } }

    /// Sends everybody away who still waits.
    func failWaiters() {
        perform(
            state.withLock { state in
                state.live.keys.flatMap { id in state.with(id) { $0.fail(.closed) } }
            })
    }
}
