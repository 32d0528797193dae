internal import Synchronization
internal import Uploads

/// The events that targets are still to be told, each recorded in the transaction that made it true, and each target's
/// own queue of them. From any thread.
///
/// Who was told says so here; it is recorded with the next commit, or within a second by one of its own. A crash before
/// that has those told once more.
public final class EventOutbox: Sendable {
    /// A target and its number in the catalogue.
    public struct Queue: Sendable {
        /// Its number, of which no other one ever has the same.
        public let id: Int64
        /// As configured.
        public let target: EventTarget
    }

    enum Step: Sendable {
        case told(target: Int64, sequence: Int64)
        case givenUp(target: Int64, sequence: Int64, reason: String?)
        case again(Retelling)
        case ended(target: Int64)
        case placed(Placement)
        case abandoned(sequence: Int64)

        /// Of which target's queue it takes an event away, and which.
        var taken: (target: Int64, sequence: Int64)? {
            switch self {
            case .told(let target, let sequence), .givenUp(let target, let sequence, _): (target, sequence)
            case .again, .ended, .placed, .abandoned: nil
            }
        }
    }

    /// What became of the word that a file stands in its place.
    public enum Placed: Sendable {
        /// It is recorded, and with it that others are to be told.
        case recorded
        /// Nobody is to be told: the upload was removed meanwhile, or has another file by now.
        case superseded
        /// The store closes: the next start brings the file once more.
        case closed
    }

    private struct State {
        var steps: [Step] = []
        var pending: [Int64: Int] = [:]
        var count: Int
        var givenUp = 0
        var dropped: Int64 = 0
        var unnamed: Set<UploadID> = []
        var onNews: [String: @Sendable () -> Void] = [:]
        var isEnded = false
    }

    /// What tells this catalogue's events from those of all others; 16 hexadecimal digits.
    public let source: String
    /// In the order in which they are configured.
    public let targets: [Queue]
    let countMax: Int
    let whenFull: EventsConfiguration.WhenFull
    /// What is from before this start has its files looked at before it is told.
    private let start: Int64
    private let visible: Atomic<Int64>
    private let isFull = Atomic<Bool>(false)
    private let dropBound = Atomic<Int64>(0)
    private let state: Mutex<State>
    private let queries: BatchQueue<CatalogueQuery>
    private let changes: BatchQueue<CatalogueChange>

    /// Nil where nobody is to be told of anything. Tells of what went with a target that is not configured any more.
    static func open(
        _ connection: SQLiteConnection, _ configuration: StoreConfiguration, _ queries: BatchQueue<CatalogueQuery>,
        _ changes: BatchQueue<CatalogueChange>
    ) throws(StorageError) -> EventOutbox? {
        let events = configuration.events
        let (known, dropped) = try CatalogueEvents.prepare(connection, for: events.targets)
        if dropped > 0 { configuration.onEvent(.eventsDropped(count: Int(dropped))) }
        if known.isEmpty { return nil }
        return try EventOutbox(connection, known, events, queries, changes)
    }

    private init(
        _ connection: SQLiteConnection, _ known: [CatalogueEvents.Known], _ configuration: EventsConfiguration,
        _ queries: BatchQueue<CatalogueQuery>, _ changes: BatchQueue<CatalogueChange>
    ) throws(StorageError) {
        targets = known.map { Queue(id: $0.id, target: $0.target) }
        countMax = configuration.eventsMax
        whenFull = configuration.whenFull
        self.queries = queries
        self.changes = changes
        let name = try connection.prepare("SELECT name FROM event_source")
        source = try name.step() ? name.text(0) ?? "" : ""
        start = try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        visible = Atomic(start)
        var state = State(count: Int(try connection.integer("SELECT count(*) FROM events")))
        for queue in known {
            let waiting = try connection.integer("SELECT count(*) FROM event_queue WHERE target = \(queue.id)")
            state.pending[queue.id] = Int(waiting)
        }
        state.givenUp = Int(try connection.integer("SELECT count(*) FROM events_given_up"))
        self.state = Mutex(state)
        isFull.store(state.count >= countMax && whenFull == .refuse, ordering: .relaxed)
    }

    /// The last event that may be told.
    public var latest: Int64 { visible.load(ordering: .acquiring) }

    /// Events that wait for any target.
    public var count: Int { state.withLock { $0.count } }

    /// How many may.
    public var limit: Int { countMax }

    /// Events that wait for one target.
    public func pending(_ target: Int64) -> Int { state.withLock { $0.pending[target] ?? 0 } }

    /// Events that were dropped because too many waited, since the start.
    public var droppedCount: Int64 { state.withLock { $0.dropped } }

    /// Events that were given up, and are kept to be told again.
    public var givenUpCount: Int { state.withLock { $0.givenUp } }

    /// Events before this one were dropped: who still has some in hand forgets them.
    public var firstKept: Int64 { dropBound.load(ordering: .acquiring) }

    /// Why no upload begins, or nil.
    var refusal: StorageError? { isFull.load(ordering: .relaxed) ? .eventsFull : nil }

    /// What to call when more may be told: on the catalogue's thread, so it must be quick and must not wait.
    ///
    /// - Parameter name: of who is called; each has one call.
    public func onNews(_ name: String, _ news: (@Sendable () -> Void)?) { state.withLock { $0.onNews[name] = news } }

    /// What a target is to be told behind an event and up to another one, in order, at most `limit`.
    public func events(
        for target: Int64, after sequence: Int64, upTo: Int64, limit: Int
    ) async throws(StorageError) -> [UploadEvent] {
        let request = EventRequest(target: target, after: sequence, upTo: min(upTo, latest), limit: limit)
        let result: Result<[UploadEvent], StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.events(request, waiter)) { waiter.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// What was given up, in that order, at most `limit` behind a number.
    public func givenUp(after number: Int64, limit: Int) async throws(StorageError) -> [GivenUpEvent] {
        let request = GivenUpRequest(after: number, limit: limit)
        let result: Result<[GivenUpEvent], StorageError> = await withUnsafeContinuation { waiter in
            if !queries.send(.givenUp(request, waiter)) { waiter.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Whether a finished file may not have its name yet: a crash may have come between, or renaming it has failed.
    func isDoubtful(_ event: UploadEvent) -> Bool {
        event.sequence <= start || state.withLock { $0.unnamed.contains(event.upload) }
    }

    /// A small file whose record is committed may not have got its name.
    func doubt(_ id: UploadID) { state.withLock { _ = $0.unnamed.insert(id) } }

    /// It has it.
    func trust(_ id: UploadID) { state.withLock { _ = $0.unnamed.remove(id) } }

    /// A target was told of an event, or is not to be told of it any more.
    public func told(_ target: Int64, _ sequence: Int64) { take(.told(target: target, sequence: sequence)) }

    /// A target is not told of an event after all attempts. It is kept among those that may be told again.
    ///
    /// - Parameter reason: why the target did not take it the last time.
    public func gaveUp(_ target: Int64, _ sequence: Int64, reason: String?) {
        take(.givenUp(target: target, sequence: sequence, reason: reason))
    }

    private func take(_ step: Step) {
        state.withLock { state in
            // What was dropped is in nobody's queue any more.
            guard let (target, sequence) = step.taken, sequence >= firstKept || isPlace(target) else { return }
            state.steps.append(step)
            state.pending[target, default: 0] -= 1
        }
    }

    /// Has what was given up told again, behind all that waits, by targets that still want to be told. Answers how
    /// many once that is recorded; nil where the store closes.
    ///
    /// - Parameter sequence: by which the event is called (`UploadEvent.called`), which several targets may have given
    ///   up; nil for all.
    public func tellAgain(_ sequence: Int64?) async -> Int? {
        await withUnsafeContinuation { waiter in
            let retelling = Retelling(sequence, waiter)
            if append(.again(retelling)) { record() } else { retelling.end(nil) }
        }
    }

    /// Nobody brings a file to its place any more: it is not there. To be followed by `told`.
    public func abandon(_ event: UploadEvent) { _ = append(.abandoned(sequence: event.sequence)) }

    /// Answers false where nothing is recorded any more.
    private func append(_ step: Step) -> Bool {
        state.withLock { state in
            if !state.isEnded { state.steps.append(step) }
            return !state.isEnded
        }
    }

    /// A file stands in its place: others are to be told now that it is finished. Answers once that is recorded; what
    /// is left of the event is its place's to end by `told`.
    public func place(_ event: UploadEvent, at place: StoredPlace?) async -> Placed {
        await withUnsafeContinuation { waiter in
            let placement = Placement(event.sequence, place, waiter)
            if append(.placed(placement)) { record() } else { placement.end(.closed) }
        }
    }

    private func isPlace(_ target: Int64) -> Bool { targets.contains { $0.id == target && $0.target.isPlace } }

    /// A target wants no more: its queue goes, and nothing is queued for it until the next start.
    public func end(_ target: Int64) {
        state.withLock { $0.steps.append(.ended(target: target)) }
        record()
    }

    /// Has what was told recorded soon, also where nothing else is.
    public func record() { changes.stir() }

    // MARK: The catalogue's thread

    var hasSteps: Bool { state.withLock { !$0.steps.isEmpty } }

    func takeSteps() -> [Step] {
        state.withLock { state in
            defer { state.steps = [] }
            return state.steps
        }
    }

    func giveBack(_ steps: [Step]) { state.withLock { $0.steps = steps + $0.steps } }

    /// So many events are in a target's queue by the catalogue, of which some may have been told since.
    func recount(_ target: Int64, _ count: Int) {
        state.withLock { state in
            let told = state.steps.count { step in
                step.taken.map { $0.target == target && ($0.sequence >= firstKept || isPlace(target)) } ?? false
            }
            state.pending[target] = max(0, count - told)
        }
    }

    /// Nothing is recorded any more.
    func endSteps() {
        let steps = state.withLock { state in
            state.isEnded = true
            defer { state.steps = [] }
            return state.steps
        }
        for step in steps {
            switch step {
            case .placed(let placement): placement.end(.closed)
            case .again(let retelling): retelling.end(nil)
            case .told, .givenUp, .ended, .abandoned: break
            }
        }
    }

    func remove(_ events: Int) { state.withLock { $0.count -= events } }

    func drop(before bound: Int64, count: Int) {
        state.withLock { $0.dropped += Int64(count) }
        dropBound.store(bound, ordering: .releasing)
    }

    /// So many are kept by the catalogue that were given up.
    func countGivenUp(_ count: Int) { state.withLock { $0.givenUp = count } }

    func setFull(_ isFull: Bool) { self.isFull.store(isFull, ordering: .relaxed) }

    /// Lets targets have what came, so many events for each of them.
    func add(upTo latest: Int64, _ added: [(target: Int64, count: Int)]) {
        // Each event has the next number.
        let count = Int(latest - visible.load(ordering: .relaxed))
        visible.store(latest, ordering: .releasing)
        let onNews = state.withLock { state in
            state.count += count
            for (target, count) in added { state.pending[target, default: 0] += count }
            return Array(state.onNews.values)
        }
        for call in onNews { call() }
    }
}
