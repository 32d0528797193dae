internal import Uploads

/// One upload that somebody holds, waits for, or has changed without a commit yet: the state machine of "newest wins".
///
/// | holder | waiting claim | event         | what happens                                                            |
/// |--------|---------------|---------------|-------------------------------------------------------------------------|
/// | –      | –             | read, observe | answered with the record                                                |
/// | –      | –             | claim         | holds                                                                   |
/// | –      | –             | pin           | pinned: claims wait until it is let go of, all else goes on             |
/// | any    | yes           | pin           | waits behind the claim, so that claims are not kept waiting by new pins |
/// | any    | any           | read          | answered with the record; nobody is disturbed                           |
/// | yes    | –             | observe       | holder fenced; the observer waits                                       |
/// | yes    | –             | claim         | holder fenced; the claim waits                                          |
/// | yes    | –             | pin           | holder fenced; the pin waits                                            |
/// | asks   | any           | any but read  | `misuse`, at once: it would wait for itself                             |
/// | yes    | yes           | observe       | the waiting claim is superseded (the number told must stay true), waits |
/// | yes    | yes           | claim         | the waiting claim is superseded; the new one waits                      |
/// | yes    | any           | release       | observers answered, pins made that came before the claim; without any   |
/// |        |               |               | the claim holds, and is fenced at once where a pin waits behind it      |
///
/// A claim that is to delete the upload ends the joins for which it is pinned or held. Whoever waits may give up.
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
        /// Who asks for nothing more than it has, or would wait for itself.
        var requester: UInt64?
        var isFenced = false
        /// Who can say how far the upload has come while it is held.
        var append: Append?
        /// What a deletion ends.
        var join: Join?
    }

    private struct Waiting {
        let number: UInt64
        let waiter: RecordWaiter
    }

    private struct WaitingPin {
        let wait: Waiting
        let join: Join
    }

    private struct WaitingClaim {
        let token: UInt64
        let onFence: @Sendable () -> Void
        let endsJoins: Bool
        let requester: UInt64?
        let waiter: GrantWaiter
    }

    /// Whether the table counts it among the open uploads; nil before memory has known that.
    private var isCountedOpen: Bool?

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
    /// How many of them record something: the others take away.
    private var pendingRecords = 0
    /// Changes so far, and their number when the present load began.
    private var changes = 0
    private var changesBeforeLoad = 0
    /// Whether one of the pending changes failed, or its holder doubts what they say.
    private var hasFailed = false
    /// Whether the files are to be compared once more when the correction is recorded.
    private var looksAgain = false
    private var holder: Holder?
    private var pins: [Join] = []
    private var claim: WaitingClaim?
    private var observers: [Waiting] = []
    private var pinners: [WaitingPin] = []
    /// Those that came after the claim that waits.
    private var laterPinners: [WaitingPin] = []
    private var readers: [Waiting] = []

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
        // What memory hears of for the first time is in the count already.
        isCountedOpen = upload.state == .open
    }

    /// Does something, and tells what the table has to reckon with from then on.
    mutating func reckoned<T>(_ body: (inout Self) -> T) -> (result: T, reckoning: LiveReckoning) {
        let promised = promise
        let result = body(&self)
        reckonPromise()
        var opened = 0
        if let isOpen {
            if let before = isCountedOpen { opened = (isOpen ? 1 : 0) - (before ? 1 : 0) }
            isCountedOpen = isOpen
        }
        return (result, LiveReckoning(promised: promised, promise: promise, opened: opened, isIdle: isIdle))
    }

    /// Whether nobody needs the entry any more.
    private var isIdle: Bool {
        holder == nil && pins.isEmpty && pending == 0 && knowledge != .loading && !isWanted
    }

    /// Whether it is an open upload, also one whose creation is not committed yet; nil while memory does not know.
    var isOpen: Bool? {
        switch knowledge {
        case .unknown, .loading: nil
        case .known, .correcting, .doubted: record?.state == .open
        }
    }

    /// Whether somebody holds it, or has pinned it.
    var isHeld: Bool { holder != nil || !pins.isEmpty }

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

    /// A promise lasts until its holder has let go and nothing is on its way to the catalogue that could count. What is
    /// on its way behind a deletion only takes away: who is told of that finds the room there again.
    private mutating func reckonPromise() {
        guard var promise else { return }
        promise.beyond = beyond(promise.target)
        self.promise = holder == nil && pendingRecords == 0 ? nil : promise
    }

    /// Whether the catalogue has committed a record of it.
    var isRecorded: Bool { recorded != nil }

    /// Whether nothing is on its way to the catalogue.
    var isSettled: Bool { pending == 0 }

    // MARK: Who wants it

    /// - Parameter number: names whoever waits, for `giveUp`.
    mutating func read(_ number: UInt64, _ reader: RecordWaiter) -> [Effect] {
        if isTold { return [.answer(reader, .success(record))] }
        readers.append(Waiting(number: number, waiter: reader))
        return advance()
    }

    mutating func observe(_ number: UInt64, _ observer: RecordWaiter, by requester: UInt64? = nil) -> [Effect] {
        if isHeld(by: requester) { return [.answer(observer, .failure(Self.waitsForItself))] }
        observers.append(Waiting(number: number, waiter: observer))
        return supersede() + fence() + advance()
    }

    /// Answered with the record, which nobody changes before `unpin`. After an error there is nothing to unpin.
    mutating func pin(
        _ number: UInt64, _ pinner: RecordWaiter, for join: Join, by requester: UInt64? = nil
    ) -> [Effect] {
        if isHeld(by: requester) { return [.answer(pinner, .failure(Self.waitsForItself))] }
        let pin = WaitingPin(wait: Waiting(number: number, waiter: pinner), join: join)
        if claim == nil { pinners.append(pin) } else { laterPinners.append(pin) }
        return fence() + advance()
    }

    mutating func unpin(_ join: Join) -> [Effect] {
        if let index = pins.firstIndex(where: { $0 === join }) { pins.remove(at: index) }
        return advance()
    }

    /// - Parameter token: also names whoever waits, for `giveUp`.
    mutating func claim(
        _ token: UInt64, _ waiter: GrantWaiter, endsJoins: Bool = false, by requester: UInt64? = nil,
        onFence: @escaping @Sendable () -> Void
    ) -> [Effect] {
        if isHeld(by: requester) { return [.grant(waiter, .failure(Self.waitsForItself))] }
        let superseded = supersede()
        claim = WaitingClaim(
            token: token, onFence: onFence, endsJoins: endsJoins, requester: requester, waiter: waiter)
        return superseded + fence() + endJoins() + advance()
    }

    /// Whether who asks holds it already: it would be fenced by itself, and never answered.
    private func isHeld(by requester: UInt64?) -> Bool { requester != nil && holder?.requester == requester }

    private static var waitsForItself: StorageError { .misuse("who holds an upload waits for it") }

    /// Whether whoever has this number waits yet.
    func isAwaited(by number: UInt64) -> Bool {
        claim?.token == number || readers.contains { $0.number == number } || observers.contains { $0.number == number }
            || pinners.contains { $0.wait.number == number } || laterPinners.contains { $0.wait.number == number }
    }

    /// Answers one who waits with an error, if it does yet.
    mutating func giveUp(_ number: UInt64, _ error: StorageError) -> [Effect] {
        var effects: [Effect] = []
        if let waiting = claim, waiting.token == number {
            claim = nil
            effects.append(.grant(waiting.waiter, .failure(error)))
        }
        for wait in readers + observers + (pinners + laterPinners).map(\.wait) where wait.number == number {
            effects.append(.answer(wait.waiter, .failure(error)))
        }
        readers.removeAll { $0.number == number }
        observers.removeAll { $0.number == number }
        pinners.removeAll { $0.wait.number == number }
        laterPinners.removeAll { $0.wait.number == number }
        return effects + advance()
    }

    /// Holds an upload that nobody else holds, for the sweeps: their work is too short to be fenced.
    mutating func holdBriefly(_ token: UInt64) { holder = Holder(token: token, onFence: {}) }

    /// Takes the record as its holder has just read it.
    mutating func know(_ upload: Upload) {
        knowledge = .known
        recorded = upload
    }

    /// Holds an upload that is known not to be there.
    mutating func holdNew(_ token: UInt64, by requester: UInt64?, onFence: @escaping @Sendable () -> Void) {
        knowledge = .known
        holder = Holder(token: token, onFence: onFence, requester: requester)
    }

    /// Tells who writes for the holder.
    mutating func attach(_ append: Append, _ token: UInt64) {
        if holder?.token == token { holder?.append = append }
    }

    /// Tells that nobody writes for the holder any more.
    mutating func detach(_ token: UInt64) {
        if holder?.token == token { holder?.append = nil }
    }

    /// Tells what its holder is at work for.
    mutating func attach(_ join: Join, _ token: UInt64) -> [Effect] {
        if holder?.token == token { holder?.join = join }
        return endJoins()
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
        if pendingRecords == 0 { promise = nil }
        return advance()
    }

    /// Answers everybody who waits with an error.
    mutating func fail(_ error: StorageError) -> [Effect] {
        let effects: [Effect] =
            (readers + observers + (pinners + laterPinners).map(\.wait)).map { .answer($0.waiter, .failure(error)) }
            + (claim.map { [.grant($0.waiter, .failure(error))] } ?? [])
        readers = []
        observers = []
        pinners = []
        laterPinners = []
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
                pendingRecords += 1
                changes += 1
            }
            return (advance(), found.correction)
        }
    }

    mutating func stage(_ change: CatalogueChange, isVisible: Bool) {
        pending += 1
        if change.recorded != nil { pendingRecords += 1 }
        changes += 1
        if isVisible { shown = (change.recorded, changes) }
    }

    /// Takes back what was staged of an upload that begins.
    mutating func withdraw() -> [Effect] {
        pending -= 1
        pendingRecords -= 1
        shown = nil
        return advance()
    }

    mutating func committed(_ step: CatalogueStep) -> [Effect] {
        pending -= 1
        if step.change.recorded != nil { pendingRecords -= 1 }
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

    /// Whether somebody waits.
    private var isWanted: Bool {
        !readers.isEmpty || claim != nil || !observers.isEmpty || !pinners.isEmpty || !laterPinners.isEmpty
    }

    /// A deletion that waits ends what it would wait for.
    private func endJoins() -> [Effect] {
        guard claim?.endsJoins ?? false else { return [] }
        return (pins + [holder?.join].compactMap { $0 }).map { .end($0) }
    }

    /// Serves whoever can be served in the present state.
    private mutating func advance() -> [Effect] {
        switch knowledge {
        case .loading, .correcting: return []
        case .unknown, .doubted:
            guard isWanted, holder == nil, pending == 0 else { return [] }
            knowledge = .loading
            changesBeforeLoad = changes
            return [.load(id)]
        case .known:
            var effects: [Effect] = readers.map { .answer($0.waiter, .success(record)) }
            readers = []
            guard holder == nil, isWanted else { return effects }
            effects += observers.map { .answer($0.waiter, .success(record)) }
            observers = []
            return isWanted ? effects + makePins() + grant() : effects
        }
    }

    /// Makes the pins that no claim is in front of.
    private mutating func makePins() -> [Effect] {
        if claim == nil { letPinnersUp() }
        guard !pinners.isEmpty else { return [] }
        defer { pinners = [] }
        pins += pinners.map(\.join)
        return pinners.map { .answer($0.wait.waiter, .success(record)) } + endJoins()
    }

    /// Lets the claim hold that waits, once nothing is pinned.
    private mutating func grant() -> [Effect] {
        guard pins.isEmpty, let next = claim.take() else { return [] }
        holder = Holder(token: next.token, onFence: next.onFence, requester: next.requester)
        let grant = Grant(token: next.token, upload: record, leaving: record == nil ? leaving : nil)
        letPinnersUp()
        // They are newer than the claim.
        return [.grant(next.waiter, .success(grant))] + (pinners.isEmpty ? [] : fence())
    }

    private mutating func letPinnersUp() {
        pinners += laterPinners
        laterPinners = []
    }
}
