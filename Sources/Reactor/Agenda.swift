/// What a loop has to do without being told from outside: timers, and tasks that let the others go first. Confined to
/// the loop, and shared by it with its watches.
final class Agenda {
    var timers = TimerQueue()
    /// Time that was nobody's, in nanoseconds since the loop began: the process, or the whole machine, stood still.
    private(set) var stalledNanoseconds: Int64 = 0
    private var wasStalled = false
    private var yielded: [UnsafeContinuation<Void, Never>] = []
    private var resuming: [UnsafeContinuation<Void, Never>] = []
    private var queue = WaitingLine<UnsafeContinuation<Void, Never>>()

    /// Whether a task waits for nothing but its turn.
    var hasWaiting: Bool { !yielded.isEmpty || queue.count > 0 }

    /// To be resumed in the next turn.
    func add(_ task: UnsafeContinuation<Void, Never>) { yielded.append(task) }

    /// To be resumed when those before it have had a slice each.
    func queue(_ task: UnsafeContinuation<Void, Never>) { queue.append(task) }

    /// How many wait for a slice.
    var queuedCount: Int { queue.count }

    /// Gives the next slice away.
    func resumeQueued() { queue.popFirst()?.resume() }

    /// Queues the tasks that have let the others go first.
    func resumeYielded() {
        if yielded.isEmpty { return }
        swap(&yielded, &resuming)
        for task in resuming { task.resume() }
        resuming.removeAll(keepingCapacity: true)
    }

    /// The turn came so much later than it was to come. What is long counts as a standstill, unless the turn before was
    /// late as well: a loop that is always late is at work, and its deadlines must pass.
    func wasLate(nanoseconds: Int64) {
        let isLong = nanoseconds >= ReactorLimits.stallNanoseconds
        if isLong, !wasStalled { stalledNanoseconds += nanoseconds }
        wasStalled = isLong
    }
}
