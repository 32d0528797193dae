internal import Storage
internal import Uploads

/// Which event of one target is told next, and when: a pure value, by the clock that it is given.
///
/// Events of one upload are told one after another, each when the one before has been taken or given up; those of
/// different uploads side by side. An event that the target refuses waits by itself, and with it what comes behind it
/// of its upload. While the target itself is the trouble nothing is sent, but for one event after each pause, to find
/// out.
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
        let event: UploadEvent
        /// How many there were before, since the start.
        let earlier: Int
        fileprivate let troubles: Int
    }

    private struct Item {
        let event: UploadEvent
        var failures = 0
        var isUnderWay = false
        var dueNanoseconds: Int64 = 0
    }

    private var items: [Item] = []
    private var underWay = 0
    /// Pauses behind one another without an event taken in between.
    private var pauses = 0
    private var pausedUntil: Int64 = 0
    /// Refusals behind one another.
    private var refusals = 0
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

    /// Events in hand.
    var count: Int { items.count }

    /// Whether there is room for more.
    var isLow: Bool { items.count <= EventsLimits.windowLow }

    /// How many more fit.
    var room: Int { EventsLimits.windowMax - items.count }

    /// Whether the target is the trouble at this moment.
    var isTroubled: Bool { pauses > 0 }

    /// When the oldest event became true, in milliseconds since 1970-01-01 UTC; nil without any.
    var oldestMilliseconds: Int64? { items.first?.event.milliseconds }

    /// Puts events in behind the others, in order.
    mutating func add(_ events: [UploadEvent]) {
        items += events.map { Item(event: $0) }
        if let last = events.last { lastSequence = last.sequence }
    }

    /// Nothing more is to be put in up to here.
    mutating func skip(to sequence: Int64) { lastSequence = max(lastSequence, sequence) }

    /// Leaves out what was dropped from the queue. Attempts under way go on.
    mutating func drop(before sequence: Int64) {
        items.removeAll { $0.event.sequence < sequence && !$0.isUnderWay }
    }

    /// The next attempt, nil while there is none to be made.
    mutating func begin(now: Int64) -> Attempt? {
        guard underWay < (isTroubled ? 1 : attemptsMax), now >= pausedUntil else { return nil }
        var busy: Set<UploadID> = []
        for index in items.indices {
            let item = items[index]
            // What came before it of its upload is first.
            guard busy.insert(item.event.upload).inserted else { continue }
            if item.isUnderWay || item.dueNanoseconds > now { continue }
            items[index].isUnderWay = true
            underWay += 1
            return Attempt(event: item.event, earlier: item.failures, troubles: troubles)
        }
        return nil
    }

    /// When the next attempt may be made, if nothing happens before; nil where only that makes one.
    func nextNanoseconds() -> Int64? {
        if underWay >= (isTroubled ? 1 : attemptsMax) { return nil }
        var (busy, next): (Set<UploadID>, Int64?) = ([], nil)
        for item in items where busy.insert(item.event.upload).inserted && !item.isUnderWay {
            next = min(next ?? .max, item.dueNanoseconds)
            if next == 0 { break }
        }
        return next.map { max($0, pausedUntil) }
    }

    /// Enters how an attempt ended.
    mutating func end(_ attempt: Attempt, _ outcome: Outcome, now: Int64) {
        guard let index = items.firstIndex(where: { $0.event.sequence == attempt.event.sequence }) else { return }
        underWay -= 1
        items[index].isUnderWay = false
        switch outcome {
        case .taken:
            items.remove(at: index)
            refusals = 0
            // What began before the trouble does not say that it is over.
            if attempt.troubles == troubles { (pauses, pausedUntil) = (0, 0) }
        case .refused:
            items[index].failures += 1
            items[index].dueNanoseconds = now + wait(after: items[index].failures)
            refusals += 1
            if refusals >= EventsLimits.failuresOfTargetMin { pause(attempt, now, nil) }
        case .unreachable(let retry):
            items[index].failures += 1
            pause(attempt, now, retry)
        case .unready:
            items[index].dueNanoseconds = now + EventsLimits.retryNanosecondsMin
        }
    }

    /// Gives up an event: nobody is told of it.
    mutating func giveUp(_ sequence: Int64) { items.removeAll { $0.event.sequence == sequence && !$0.isUnderWay } }

    /// Events from before a moment that were tried in vain, or would be while the target is the trouble.
    func overdue(before milliseconds: Int64) -> [UploadEvent] {
        items.filter { $0.event.milliseconds < milliseconds && !$0.isUnderWay && ($0.failures > 0 || isTroubled) }
            .map(\.event)
    }

    /// Attempts that began before the target was found to be the trouble say nothing new.
    private mutating func pause(_ attempt: Attempt, _ now: Int64, _ retry: Int64?) {
        guard attempt.troubles == troubles else { return }
        troubles += 1
        pauses += 1
        refusals = 0
        pausedUntil = now + max(wait(after: pauses), min(retry ?? 0, EventsLimits.retryNanosecondsMax))
    }

    private func wait(after failures: Int) -> Int64 {
        let doublings = min(failures - 1, 20)
        let longest = min(EventsLimits.retryNanosecondsMin << Int64(doublings), EventsLimits.retryNanosecondsMax)
        return longest - Int64(Double(longest) * chance() / EventsLimits.jitterShare)
    }
}
