internal import Uploads

/// The right to change one upload, until it is released under its token.
struct Grant: Sendable {
    let token: UInt64
    let upload: Upload?
    /// Without a record: what was deleted under this id, and has a row and perhaps files yet.
    var leaving: Upload?
}

/// What is to be done about an upload once the table is unlocked again.
enum TableEffect<RecordWaiter, GrantWaiter> {
    case fence(@Sendable () -> Void)
    case answer(RecordWaiter, Result<Upload?, StorageError>)
    case grant(GrantWaiter, Result<Grant, StorageError>)
    case load(UploadID)
}

/// One upload that somebody holds, waits for, or has changed without a commit yet: the state machine of "newest wins".
///
/// | holder | waiting claim | event         | what happens                                                            |
/// |--------|---------------|---------------|-------------------------------------------------------------------------|
/// | –      | –             | read, observe | answered with the record                                                |
/// | –      | –             | claim         | holds                                                                   |
/// | –      | any           | pin           | pinned: claims wait until it is let go of, all else goes on             |
/// | any    | any           | read          | answered with the record; nobody is disturbed                           |
/// | yes    | –             | observe       | holder fenced; the observer waits                                       |
/// | yes    | –             | claim         | holder fenced; the claim waits                                          |
/// | yes    | any           | pin           | holder fenced; the pin waits                                            |
/// | yes    | yes           | observe       | the waiting claim is superseded (the number told must stay true), waits |
/// | yes    | yes           | claim         | the waiting claim is superseded; the new one waits                      |
/// | yes    | any           | release       | observers answered, pins made; without any the waiting claim holds      |
///
/// While the record is on its way from the catalogue everybody waits, by the same rules; so they do while a correction
/// of it is on its way there: what is told must still be true after a crash. A record is fetched only while nobody
/// holds the upload and nothing of it is on its way to the catalogue, and what comes back counts only if that was so
/// all the time: no offset that was told is ever followed by an older row.
///
/// Generic over who waits, so that a test can drive it through every order of events.
struct LiveUpload<RecordWaiter, GrantWaiter> {
    typealias Effect = TableEffect<RecordWaiter, GrantWaiter>

    private enum Knowledge {
        case unknown, loading, correcting, known
        /// The record is as committed, but a change of it has failed, so that files and record may differ. They are
        /// compared again, by a load, before anybody else holds the upload.
        case doubted
    }

    private struct Holder {
        let token: UInt64
        let onFence: @Sendable () -> Void
        var isFenced = false
        /// Who can say how far the upload has come while it is held.
        var append: Append?
    }

    private struct WaitingClaim {
        let token: UInt64
        let onFence: @Sendable () -> Void
        let waiter: GrantWaiter
    }

    /// Whether the table counts it among the open uploads; nil before memory has known that.
    var isCountedOpen: Bool?

    /// What its holder has promised that it will count for.
    var promise: OwnerPromise?

    private let id: UploadID
    private var knowledge: Knowledge
    /// A change that takes nothing back, told before it is committed: its record, and its number among the changes.
    private var shown: (record: Upload?, change: Int)?
    /// What the catalogue has committed.
    private var recorded: Upload?
    /// What the catalogue has committed to be removed.
    private var leaving: Upload?
    /// Changes on their way to the catalogue.
    private var pending = 0
    /// Changes so far, and their number when the present load began.
    private var changes = 0
    private var changesBeforeLoad = 0
    /// Whether one of the pending changes failed, or its holder doubts what they say.
    private var hasFailed = false
    /// Whether the files are to be compared once more when the correction is recorded.
    private var looksAgain = false
    private var holder: Holder?
    private var pins = 0
    private var claim: WaitingClaim?
    private var observers: [RecordWaiter] = []
    private var pinners: [RecordWaiter] = []
    private var readers: [RecordWaiter] = []

    /// What is told.
    private var record: Upload? { if let shown { shown.record } else { recorded } }

    init(_ id: UploadID) {
        self.id = id
        knowledge = .unknown
    }

    /// An upload at rest whose record memory still has.
    init(cached upload: Upload) {
        id = upload.id
        knowledge = .known
        recorded = upload
    }

    /// Whether nobody needs the entry any more.
    var isIdle: Bool {
        holder == nil && pins == 0 && claim == nil && observers.isEmpty && pinners.isEmpty && readers.isEmpty
            && pending == 0 && knowledge != .loading
    }

    /// Whether it is an open upload, also one whose creation is not committed yet; nil while memory does not know.
    var isOpen: Bool? {
        switch knowledge {
        case .unknown, .loading: nil
        case .known, .correcting, .doubted: record?.state == .open
        }
    }

    /// Whether somebody holds it, or has pinned it.
    var isHeld: Bool { holder != nil || pins > 0 }

    /// The record worth keeping of an idle upload.
    var resting: Upload? { knowledge == .known ? record : nil }

    /// Whether a reader is answered at once.
    private var isTold: Bool { knowledge == .known || (knowledge == .doubted && holder != nil) }

    /// What a reader is answered with at once; nil where there is nothing, or a reader would wait.
    var told: Upload? { isTold ? record : nil }

    /// What the catalogue has committed of it, as far as memory knows.
    var committedRecord: Upload? { recorded }

    /// How much of what it is to count for the catalogue does not count yet.
    func beyond(_ target: Usage) -> Usage { target.subtracting(recorded?.usage ?? .none) }

    /// A promise lasts until its holder has let go and nothing is on its way to the catalogue.
    mutating func reckonPromise() {
        guard var promise else { return }
        promise.beyond = beyond(promise.target)
        self.promise = holder == nil && pending == 0 ? nil : promise
    }

    /// Whether the catalogue has committed a record of it.
    var isRecorded: Bool { recorded != nil }

    /// Whether nothing is on its way to the catalogue.
    var isSettled: Bool { pending == 0 }

    // MARK: Who wants it

    mutating func read(_ reader: RecordWaiter) -> [Effect] {
        if isTold { return [.answer(reader, .success(record))] }
        readers.append(reader)
        return advance()
    }

    mutating func observe(_ observer: RecordWaiter) -> [Effect] {
        observers.append(observer)
        return supersede() + fence() + advance()
    }

    /// Answered with the record, which nobody changes before `unpin`. After an error there is nothing to unpin.
    mutating func pin(_ pinner: RecordWaiter) -> [Effect] {
        pinners.append(pinner)
        return fence() + advance()
    }

    mutating func unpin() -> [Effect] {
        pins -= 1
        return advance()
    }

    mutating func claim(_ token: UInt64, _ waiter: GrantWaiter, onFence: @escaping @Sendable () -> Void) -> [Effect] {
        let superseded = supersede()
        claim = WaitingClaim(token: token, onFence: onFence, waiter: waiter)
        return superseded + fence() + advance()
    }

    /// Holds an upload that nobody else holds, for the sweeps: their work is too short to be fenced.
    mutating func holdBriefly(_ token: UInt64) { holder = Holder(token: token, onFence: {}) }

    /// Takes the record as its holder has just read it.
    mutating func know(_ upload: Upload) {
        knowledge = .known
        recorded = upload
    }

    /// Holds an upload that is known not to be there.
    mutating func holdNew(_ token: UInt64, onFence: @escaping @Sendable () -> Void) {
        knowledge = .known
        holder = Holder(token: token, onFence: onFence)
    }

    /// Tells who writes for the holder.
    mutating func attach(_ append: Append, _ token: UInt64) {
        if holder?.token == token { holder?.append = append }
    }

    /// The append that holds the upload, as long as nobody has fenced it.
    var unfencedAppend: Append? { holder?.isFenced == false ? holder?.append : nil }

    /// Whether somebody is about to append or to end the upload: has claimed it, or waits to, and got no further yet.
    var isBeingTaken: Bool {
        if let holder, !holder.isFenced { return holder.append == nil }
        return claim != nil
    }

    mutating func release(_ token: UInt64) -> [Effect] {
        guard holder?.token == token else { return [] }
        holder = nil
        // The next one holds it within this step, and promises for itself.
        if pending == 0 { promise = nil }
        return advance()
    }

    /// Answers everybody who waits with an error.
    mutating func fail(_ error: StorageError) -> [Effect] {
        let effects =
            (readers + observers + pinners).map { Effect.answer($0, .failure(error)) }
            + (claim.map { [.grant($0.waiter, .failure(error))] } ?? [])
        readers = []
        observers = []
        pinners = []
        claim = nil
        return effects
    }

    // MARK: What becomes of its record

    /// Takes what a load has found. Answers also the correction that is to be sent to the catalogue, before any effect
    /// is performed.
    mutating func loaded(_ result: Result<LoadedUpload, StorageError>) -> (effects: [Effect], correction: Upload?) {
        knowledge = .unknown
        // Read beside a change: it may be the row from before.
        guard changes == changesBeforeLoad, pending == 0, holder == nil else { return (advance(), nil) }
        switch result {
        case .failure(let error): return (fail(error), nil)
        case .success(let found):
            recorded = found.recorded
            leaving = found.leaving
            shown = nil
            knowledge = .known
            if found.correction != nil {
                knowledge = .correcting
                looksAgain = found.looksAgain
                pending += 1
                changes += 1
            }
            return (advance(), found.correction)
        }
    }

    mutating func stage(_ change: CatalogueChange, isVisible: Bool) {
        pending += 1
        changes += 1
        if isVisible { shown = (change.recorded, changes) }
    }

    mutating func withdraw() -> [Effect] {
        pending -= 1
        shown = nil
        return advance()
    }

    mutating func committed(_ step: CatalogueStep) -> [Effect] {
        pending -= 1
        if knowledge == .correcting { return corrected(step) }
        switch step.outcome {
        case .goes: (recorded, leaving) = (step.change.recorded, step.change.leaving)
        case .failed: hasFailed = true
        // Its holder goes another way with it, under the record as it is shown.
        case .refused: return advance()
        }
        // Changes are committed in their order.
        if let shown, changes - pending >= shown.change { self.shown = nil }
        if pending == 0, hasFailed {
            knowledge = .doubted
            hasFailed = false
        }
        return advance()
    }

    /// Its holder's files may differ from the record, and from what it sends next: they are compared, as after a change
    /// that failed, before anybody else has it.
    mutating func doubt() {
        if pending > 0 {
            hasFailed = true
        } else if knowledge == .known {
            knowledge = .doubted
        }
    }

    /// Takes the outcome of a correction, beside which nothing else is on its way.
    private mutating func corrected(_ step: CatalogueStep) -> [Effect] {
        if case .failed(let error) = step.outcome {
            knowledge = .unknown
            return fail(error)
        }
        knowledge = looksAgain ? .doubted : .known
        recorded = step.change.recorded
        return advance()
    }

    private mutating func supersede() -> [Effect] {
        guard let older = claim.take() else { return [] }
        return [.grant(older.waiter, .failure(.superseded))]
    }

    private mutating func fence() -> [Effect] {
        guard let onFence = holder?.onFence, holder?.isFenced == false else { return [] }
        holder?.isFenced = true
        return [.fence(onFence)]
    }

    /// Serves whoever can be served in the present state.
    private mutating func advance() -> [Effect] {
        switch knowledge {
        case .loading, .correcting: return []
        case .unknown, .doubted:
            let isWanted = !readers.isEmpty || claim != nil || !observers.isEmpty || !pinners.isEmpty
            guard isWanted, holder == nil, pending == 0 else { return [] }
            knowledge = .loading
            changesBeforeLoad = changes
            return [.load(id)]
        case .known:
            var effects = readers.map { Effect.answer($0, .success(record)) }
            readers = []
            guard holder == nil else { return effects }
            effects += (observers + pinners).map { .answer($0, .success(record)) }
            pins += pinners.count
            observers = []
            pinners = []
            if pins == 0, let next = claim.take() {
                holder = Holder(token: next.token, onFence: next.onFence)
                let grant = Grant(token: next.token, upload: record, leaving: record == nil ? leaving : nil)
                effects.append(.grant(next.waiter, .success(grant)))
            }
            return effects
        }
    }
}
