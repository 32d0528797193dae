internal import Uploads

/// Who waits for a record.
typealias RecordWaiter = UnsafeContinuation<Result<Upload?, StorageError>, Never>
/// Who waits for the right to change an upload.
typealias GrantWaiter = UnsafeContinuation<Result<Grant, StorageError>, Never>

/// The right to change one upload, until it is released under its token.
struct Grant: Sendable {
    let token: UInt64
    let upload: Upload?
}

/// What is to be done about an upload once the table is unlocked again.
enum TableEffect {
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
/// | any    | any           | read          | answered with the record; nobody is disturbed                           |
/// | yes    | –             | observe       | holder fenced; the observer waits                                       |
/// | yes    | –             | claim         | holder fenced; the claim waits                                          |
/// | yes    | yes           | observe       | the waiting claim is superseded (the number told must stay true), waits |
/// | yes    | yes           | claim         | the waiting claim is superseded; the new one waits                      |
/// | yes    | any           | release       | every observer answered, then the waiting claim holds                   |
///
/// While the record is on its way from the catalogue everybody waits, by the same rules; so they do while a correction
/// of it is on its way there: what is told must still be true after a crash.
struct LiveUpload {
    private enum Knowledge {
        case unknown, loading, correcting, known
    }

    private struct Holder {
        let token: UInt64
        let onFence: @Sendable () -> Void
        var isFenced = false
    }

    private struct WaitingClaim {
        let token: UInt64
        let onFence: @Sendable () -> Void
        let waiter: GrantWaiter
    }

    private let id: UploadID
    private var knowledge: Knowledge
    /// What is told: the committed record, and before that changes that take nothing back.
    private var record: Upload?
    /// What the catalogue has committed.
    private var recorded: Upload?
    /// Changes on their way to the catalogue.
    private var pending = 0
    /// Whether one of the pending changes failed, so that files and record may differ: they are compared again.
    private var hasFailed = false
    private var holder: Holder?
    private var claim: WaitingClaim?
    private var observers: [RecordWaiter] = []
    private var readers: [RecordWaiter] = []

    init(_ id: UploadID) {
        self.id = id
        knowledge = .unknown
    }

    /// An upload at rest whose record memory still has.
    init(cached upload: Upload) {
        id = upload.id
        knowledge = .known
        record = upload
        recorded = upload
    }

    /// Whether nobody needs the entry any more.
    var isIdle: Bool {
        holder == nil && claim == nil && observers.isEmpty && readers.isEmpty && pending == 0 && knowledge != .loading
    }

    /// Whether somebody holds it.
    var isHeld: Bool { holder != nil }

    /// The record worth keeping of an idle upload.
    var resting: Upload? { knowledge == .known ? record : nil }

    /// What the catalogue has committed of it, as far as memory knows.
    var committedRecord: Upload? { recorded }

    /// Whether the catalogue has committed a record of it.
    var isRecorded: Bool { recorded != nil }

    /// Whether nothing is on its way to the catalogue.
    var isSettled: Bool { pending == 0 }

    mutating func read(_ reader: RecordWaiter) -> [TableEffect] {
        if knowledge == .known { return [.answer(reader, .success(record))] }
        readers.append(reader)
        return advance()
    }

    mutating func observe(_ observer: RecordWaiter) -> [TableEffect] {
        observers.append(observer)
        return supersede() + fence() + advance()
    }

    mutating func claim(_ token: UInt64, _ waiter: GrantWaiter, onFence: @escaping @Sendable () -> Void)
        -> [TableEffect]
    {
        let superseded = supersede()
        claim = WaitingClaim(token: token, onFence: onFence, waiter: waiter)
        return superseded + fence() + advance()
    }

    /// Holds an upload that nobody else holds, for the sweeps: their work is too short to be fenced.
    mutating func holdBriefly(_ token: UInt64) { holder = Holder(token: token, onFence: {}) }

    /// Holds an upload that is known not to be there.
    mutating func holdNew(_ token: UInt64, onFence: @escaping @Sendable () -> Void) {
        knowledge = .known
        holder = Holder(token: token, onFence: onFence)
    }

    mutating func release(_ token: UInt64) -> [TableEffect] {
        guard holder?.token == token else { return [] }
        holder = nil
        return advance()
    }

    mutating func loaded(_ result: Result<LoadedUpload, StorageError>) -> [TableEffect] {
        switch result {
        case .failure(let error):
            knowledge = .unknown
            return fail(error)
        case .success(let found):
            recorded = found.recorded
            record = found.recorded
            knowledge = found.correction == nil ? .known : .correcting
            if found.correction != nil { pending += 1 }
            return advance()
        }
    }

    mutating func stage(_ change: CatalogueChange, isVisible: Bool) {
        pending += 1
        if isVisible { record = change.recorded }
    }

    mutating func withdraw() -> [TableEffect] {
        pending -= 1
        if pending == 0 { record = recorded }
        return advance()
    }

    mutating func committed(_ step: CatalogueStep) -> [TableEffect] {
        pending -= 1
        if knowledge == .correcting { return corrected(step) }
        switch step.outcome {
        case .goes: recorded = step.change.recorded
        case .failed: hasFailed = true
        // Its holder goes another way with it, under the record as it is shown.
        case .refused: return advance()
        }
        if pending == 0 {
            record = recorded
            if hasFailed { knowledge = .unknown }
            hasFailed = false
        }
        return advance()
    }

    /// Takes the outcome of a correction, beside which nothing else is on its way.
    private mutating func corrected(_ step: CatalogueStep) -> [TableEffect] {
        if case .failed(let error) = step.outcome {
            knowledge = .unknown
            return fail(error)
        }
        knowledge = .known
        recorded = step.change.recorded
        record = recorded
        return advance()
    }

    /// Answers everybody who waits with an error.
    mutating func fail(_ error: StorageError) -> [TableEffect] {
        let effects =
            (readers + observers).map { TableEffect.answer($0, .failure(error)) }
            + (claim.map { [.grant($0.waiter, .failure(error))] } ?? [])
        readers = []
        observers = []
        claim = nil
        return effects
    }

    private mutating func supersede() -> [TableEffect] {
        guard let older = claim.take() else { return [] }
        return [.grant(older.waiter, .failure(.superseded))]
    }

    private mutating func fence() -> [TableEffect] {
        guard let onFence = holder?.onFence, holder?.isFenced == false else { return [] }
        holder?.isFenced = true
        return [.fence(onFence)]
    }

    /// Serves whoever can be served in the present state.
    private mutating func advance() -> [TableEffect] {
        switch knowledge {
        case .loading, .correcting: return []
        case .unknown:
            // A load beside a commit could read the row as it was before.
            let isWanted = !readers.isEmpty || (holder == nil && (claim != nil || !observers.isEmpty))
            guard isWanted, pending == 0 else { return [] }
            knowledge = .loading
            return [.load(id)]
        case .known:
            var effects = readers.map { TableEffect.answer($0, .success(record)) }
            readers = []
            guard holder == nil else { return effects }
            effects += observers.map { .answer($0, .success(record)) }
            observers = []
            if let next = claim.take() {
                holder = Holder(token: next.token, onFence: next.onFence)
                effects.append(.grant(next.waiter, .success(Grant(token: next.token, upload: record))))
            }
            return effects
        }
    }
}
