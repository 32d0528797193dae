internal import Storage
internal import Uploads

/// Which event of one target is told next, and when: a pure value, by the clock that it is given.
///
/// Events of one upload are told one after another, each when the one before has been taken or given up; those of
/// different uploads side by side, what was never tried first. An event that the target refuses waits by itself, and
/// with it what comes behind it of its upload. While nobody answers nothing is sent, but for one event after each
/// pause, to find out.
///
/// Of what waits behind a failure only a note is kept in memory: the catalogue has the event when its time comes.
struct DeliveryQueue {
    /// How an attempt ended.
    enum Outcome {
        /// The target has it.
        case taken
        /// The target answered, and does not take this event now.
        case refused
        /// Nobody answered, or somebody in the target's place.
        ///
        /// - Parameter retryNanoseconds: how long the target asks to stay away.
        case unreachable(retryNanoseconds: Int64?)
        /// This server was not able to tell it: a file is not in its place yet. No fault of the target's.
        case unready
    }

    /// An attempt that begins.
    struct Attempt {
        let sequence: Int64
        /// Nil where only the catalogue has it.
        let event: UploadEvent?
        /// How many there were before, since the start.
        let earlier: Int
        fileprivate let troubles: Int
    }

    private struct Item {
        let upload: UploadID
        let called: Int64
        let milliseconds: Int64
        var failures = 0
        var isUnderWay = false
    }

    /// By sequence.
    private var items: [Int64: Item] = [:]
    /// Those that are in memory as a whole.
    private var events: [Int64: UploadEvent] = [:]
    /// The sequences of each upload, in order: only the first may be told.
    private var lines: [UploadID: [Int64]] = [:]
    /// All, by sequence. Like the next two it may still have some that are not in hand any more.
    private var ages = SequenceHeap()
    /// First ones that were never tried, by sequence.
    private var fresh = SequenceHeap()
    /// First ones that wait, by when they may be tried.
    private var waiting = SequenceHeap()
    private var underWay = 0
    /// Pauses behind one another without an answer in between.
    private var pauses = 0
    private var pausedUntil: Int64 = 0
    /// How often the target has been found to be the trouble.
    private var troubles = 0
    /// The last event that was put in.
    private(set) var lastSequence: Int64 = 0

    /// A number from 0 to 1 that scatters waits.
    private let chance: () -> Double

    /// How many attempts may be on their way.
    private let attemptsMax: Int

    init(
        attemptsMax: Int = EventsLimits.requestsMax, chance: @escaping () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.attemptsMax = attemptsMax
        self.chance = chance
    }

    /// Events in hand, notes among them.
    var count: Int { items.count }

    /// Whether there is room for more.
    var isLow: Bool { events.count <= EventsLimits.windowLow && items.count < EventsLimits.notesMax }

    /// How many more fit.
    var room: Int { min(EventsLimits.windowMax - events.count, EventsLimits.notesMax - items.count) }

    /// Whether the target is the trouble at this moment.
    var isTroubled: Bool { pauses > 0 }

    /// Since when the oldest event waits: since it became true, or was asked for again; in milliseconds since
    /// 1970-01-01 UTC, nil without any.
    var oldestMilliseconds: Int64? { ages.first.flatMap { items[$0.sequence]?.milliseconds } }

    /// Puts events in behind the others, in order. Who asks for one again wants it tried now: a pause is over then.
    mutating func add(_ added: [UploadEvent]) {
        if added.contains(where: { $0.againMilliseconds != nil }) { pausedUntil = 0 }
        for event in added {
            items[event.sequence] = Item(
                upload: event.upload, called: event.called, milliseconds: event.waitingMilliseconds)
            ages.insert(event.sequence, by: event.sequence)
            let (first, ahead) = (lines[event.upload]?.first, lines[event.upload]?.count ?? 0)
            lines[event.upload, default: []].append(event.sequence)
            if first == nil { fresh.insert(event.sequence, by: event.sequence) }
            let isBehindFailure = first.flatMap { items[$0] }.map { $0.failures > 0 } ?? false
            if !isBehindFailure, ahead < EventsLimits.heldOfUploadMax { events[event.sequence] = event }
        }
        if let last = added.last { lastSequence = last.sequence }
    }

    /// Nothing more is to be put in up to here.
    mutating func skip(to sequence: Int64) { lastSequence = max(lastSequence, sequence) }

    /// Leaves out what was dropped from the queue. Attempts under way go on.
    mutating func drop(before sequence: Int64) {
        guard let first = ages.first, first.sequence < sequence else { return }
        for dropped in items.keys.filter({ $0 < sequence }).sorted() { giveUp(dropped) }
    }

    /// The next attempt, nil while there is none to be made.
    mutating func begin(now: Int64) -> Attempt? {
        guard underWay < (isTroubled ? 1 : attemptsMax), now >= pausedUntil else { return nil }
        let sequence: Int64
        if let first = fresh.first {
            sequence = first.sequence
            fresh.removeFirst()
        } else if let first = waiting.first, first.key <= now {
            sequence = first.sequence
            waiting.removeFirst()
        } else {
            return nil
        }
        tidy()
        guard let item = items[sequence] else { return nil }
        items[sequence]?.isUnderWay = true
        underWay += 1
        return Attempt(sequence: sequence, event: events[sequence], earlier: item.failures, troubles: troubles)
    }

    /// When the next attempt may be made, if nothing happens before; nil where only that makes one.
    func nextNanoseconds() -> Int64? {
        if underWay >= (isTroubled ? 1 : attemptsMax) { return nil }
        let next = fresh.first == nil ? waiting.first?.key : 0
        return next.map { max($0, pausedUntil) }
    }

    /// Enters how an attempt ended.
    mutating func end(_ attempt: Attempt, _ outcome: Outcome, now: Int64) {
        guard let item = items[attempt.sequence], item.isUnderWay else { return }
        underWay -= 1
        items[attempt.sequence]?.isUnderWay = false
        switch outcome {
        case .taken:
            remove(attempt.sequence)
            answered(attempt)
        case .refused:
            putBack(attempt, item.upload, until: now + wait(after: item.failures + 1), failures: item.failures + 1)
            answered(attempt)
        case .unreachable(let retry):
            putBack(attempt, item.upload, until: now + wait(after: item.failures + 1), failures: item.failures + 1)
            pause(attempt, now, retry)
        case .unready:
            putBack(attempt, item.upload, until: now + EventsLimits.retryNanosecondsMin, failures: item.failures)
        }
    }

    /// Gives up an event: nobody is told of it.
    mutating func giveUp(_ sequence: Int64) {
        if let item = items[sequence], !item.isUnderWay { remove(sequence) }
    }

    /// Events from before a moment, in order, that cannot be tried while the target is the trouble.
    func overdue(before milliseconds: Int64) -> [(sequence: Int64, called: Int64, upload: UploadID)] {
        guard isTroubled else { return [] }
        return items.filter { $0.value.milliseconds < milliseconds && !$0.value.isUnderWay }
            .map { ($0.key, $0.value.called, $0.value.upload) }.sorted { $0.0 < $1.0 }
    }

    /// It waits, and the catalogue keeps it and what is behind it of its upload.
    private mutating func putBack(_ attempt: Attempt, _ upload: UploadID, until due: Int64, failures: Int) {
        items[attempt.sequence]?.failures = failures
        waiting.insert(attempt.sequence, by: due)
        for sequence in lines[upload] ?? [] { events[sequence] = nil }
    }

    private mutating func remove(_ sequence: Int64) {
        guard let item = items.removeValue(forKey: sequence), var line = lines[item.upload] else { return }
        events[sequence] = nil
        let wasFirst = line.first == sequence
        line.removeAll { $0 == sequence }
        lines[item.upload] = line.isEmpty ? nil : line
        if wasFirst, let next = line.first { fresh.insert(next, by: next) }
        tidy()
    }

    /// What is in front of each heap is in hand, and what is not does not gather behind it.
    private mutating func tidy() {
        DeliveryQueue.tidy(&ages, items)
        DeliveryQueue.tidy(&fresh, items)
        DeliveryQueue.tidy(&waiting, items)
    }

    private static func tidy(_ heap: inout SequenceHeap, _ items: [Int64: Item]) {
        while let first = heap.first, items[first.sequence] == nil { heap.removeFirst() }
        if heap.count > 2 * items.count + EventsLimits.windowMax { heap.keep { items[$0] != nil } }
    }

    /// Somebody is there. What began before the trouble does not say that it is over.
    private mutating func answered(_ attempt: Attempt) {
        if attempt.troubles == troubles { (pauses, pausedUntil) = (0, 0) }
    }

    /// Attempts that began before the target was found to be the trouble say nothing new.
    private mutating func pause(_ attempt: Attempt, _ now: Int64, _ retry: Int64?) {
        guard attempt.troubles == troubles else { return }
        troubles += 1
        pauses += 1
        pausedUntil = now + max(wait(after: pauses), min(retry ?? 0, EventsLimits.retryNanosecondsMax))
    }

    private func wait(after failures: Int) -> Int64 {
        let doublings = min(failures - 1, 20)
        let longest = min(EventsLimits.retryNanosecondsMin << Int64(doublings), EventsLimits.retryNanosecondsMax)
        return longest - Int64(Double(longest) * chance() / EventsLimits.jitterShare)
    }
}
