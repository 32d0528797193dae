internal import LinuxSystem

/// The one place where a task of a loop sleeps: until its descriptor is ready, its deadline passes, somebody
/// interrupts it, or somebody wakes it to look again.
///
/// A watch belongs to one task at a time and never leaves its loop. It does not own the descriptor: end the watch
/// (`EventLoop.end`) before the descriptor is closed.
public final class Watch {
    /// Names this watch to other threads (`EventLoop.interrupt`).
    public let token: EventToken
    unowned let loop: EventLoop
    private let agenda: Agenda

    private var ready: Readiness = [.readable, .writable]
    private var sleeper: UnsafeContinuation<Void, Never>?
    /// Who waits without a task; never together with a sleeper.
    private var parked: (any Parked)?
    /// Who is told of what would end a sleep, while the task waits for something else.
    private var attendant: (any WatchAttendant)?
    private var interruption: Interruption?
    private var epoch: UInt64 = 0

    /// Whether the task is at something that is worth bringing to its end: `EventLoop.interruptAll` passes it by.
    public var isSpared = false

    /// What the task is at, as long as it is; told by `EventLoop.occupations`. To be set to nil by who has set it.
    public var occupation: (any Occupation)?

    /// When the task is interrupted with `.timedOut`; SystemClock.monotonicNanoseconds, `.max` for never.
    private var deadline = Int64.max
    /// What the loop's standstills had come to when the deadline was set: it moves by those that follow.
    private var stalledBefore: Int64 = 0
    /// This watch's entry in the timer queue, `.max` for none. At or before `deadline` whenever that is set: a deadline
    /// that moves away leaves it alone, and is looked at when the entry comes up.
    private var armed = Int64.max

    init(token: EventToken, loop: EventLoop, agenda: Agenda) {
        self.token = token
        self.loop = loop
        self.agenda = agenda
    }

    // MARK: The task's side

    /// Whether the peer has said that it sends nothing more, or the connection is gone. Bytes may still wait.
    public var isPeerClosed: Bool { ready.contains(.peerClosed) }

    /// Whether a read that comes up short means that nothing more waits: not so at the end of the stream, nor behind an
    /// urgent byte.
    public var isShortReadLast: Bool { ready.isDisjoint(with: [.peerClosed, .marked]) }

    /// Whether a read may find something. True until a read came up short.
    public var isReadable: Bool { ready.contains(.readable) }

    /// Whether a write may move something. True until a write would have blocked.
    public var isWritable: Bool { ready.contains(.writable) }

    /// To be told after a read that would have blocked, or came up short: edge-triggered epoll tells of new bytes only.
    public func exhaustedReading() { ready.remove(.readable) }

    /// To be told after a write that would have blocked.
    public func exhaustedWriting() { ready.remove(.writable) }

    /// Sleeps until a read will not block. It does so at once, deadline or not, where it is known that it will not.
    public func untilReadable() async throws(Interruption) {
        while true {
            // What is there in time counts, also when the deadline is seen first.
            try checkInterruptionButDeadline()
            if ready.contains(.readable) { return }
            try checkInterruption()
            await sleep()
        }
    }

    /// Sleeps until a write will not block.
    public func untilWritable() async throws(Interruption) {
        while true {
            // What is there in time counts, also when the deadline is seen first.
            try checkInterruptionButDeadline()
            if ready.contains(.writable) { return }
            try checkInterruption()
            await sleep()
        }
    }

    /// Sleeps until `wake`, or any other reason; the caller looks again at what it waits for.
    public func untilWoken() async throws(Interruption) {
        try checkInterruption()
        await sleep()
        try checkInterruption()
    }

    /// Sleeps for a while; an interruption (but not a deadline set earlier) ends that early.
    public func pause(nanoseconds: Int64) async throws(Interruption) {
        let (end, isNever) = SystemClock.monotonicNanoseconds.addingReportingOverflow(max(nanoseconds, 0))
        setDeadline(isNever ? .max : end)
        do throws(Interruption) {
            while true { try await untilWoken() }
        } catch {
            guard error == .timedOut else { throw error }
            clearInterruption()
        }
    }

    /// Lets the loop's other tasks, and the poller, have their turn first: for all who have much to do and do it piece
    /// by piece, a fraction of a millisecond each. Who yields goes on in the order of asking, and all of them together
    /// not for long a turn (`ReactorLimits.slicesNanosecondsPerTurn`), so that what comes from outside is never far
    /// from being looked at. Unlike `Task.yield` it allocates nothing.
    public func yield() async { await withUnsafeContinuation { agenda.queue($0) } }

    /// Yields if the task has run on since `start` for longer than a slice lasts; `start`, of
    /// SystemClock.monotonicNanoseconds, then moves on to where it was resumed.
    public func yield(after start: inout Int64) async {
        guard SystemClock.monotonicNanoseconds - start >= ReactorLimits.sliceNanoseconds else { return }
        await yield()
        start = SystemClock.monotonicNanoseconds
    }

    /// Lets the poller have its turn first, and goes on in the next one whoever else waits: for little work that others
    /// depend on.
    public func nextTurn() async { await withUnsafeContinuation { agenda.add($0) } }

    /// How long the loop has stood still since it began, in nanoseconds: the process was stopped, or the machine
    /// paused. No deadline runs meanwhile.
    public var stalledNanoseconds: Int64 { agenda.stalledNanoseconds }

    /// Has whatever would end a sleep told to somebody else, until the next call, with nil: while the task waits for
    /// what is no event of the loop's, and may have to be sent away from there.
    public func attend(_ attendant: (any WatchAttendant)?) { self.attendant = attendant }

    /// Waits without a task until a read may find something or an interruption comes: `waiter` is resumed in a new
    /// task, once. To be the last thing that the watch's task does with it; the deadline stays as it is.
    public func park(_ waiter: any Parked) {
        precondition(sleeper == nil && parked == nil, "a watch has one task")
        parked = waiter
        wake()
    }

    func takeParked() -> (any Parked)? { parked.take() }

    /// Moves the deadline: a moment of `SystemClock.monotonicNanoseconds`, not a time from now on; `.max` for none. At
    /// that moment the task's sleep ends with `timedOut`, or its next one does.
    ///
    /// It replaces the earlier one, also one that has passed without the task having slept through it: that one has
    /// been met. What lies before the clock's beginning has passed; what is more than 146 years behind it never comes.
    public func setDeadline(_ nanoseconds: Int64) {
        let nanoseconds = nanoseconds > .max / 2 ? .max : max(nanoseconds, 0)
        if interruption == .timedOut { interruption = nil }
        deadline = nanoseconds
        stalledBefore = agenda.stalledNanoseconds
        if nanoseconds < armed {
            armed = nanoseconds
            agenda.timers.set(token, at: nanoseconds)
        }
    }

    /// An interruption stays, and ends every further sleep, until it is cleared. Clears the deadline with it.
    public func clearInterruption() {
        interruption = nil
        deadline = .max
    }

    /// Throws the interruption that has come, if any.
    public func checkInterruption() throws(Interruption) {
        if let interruption { throw interruption }
    }

    /// Throws the interruption that has come, unless it is only the deadline: for who has what it waited for.
    public func checkInterruptionButDeadline() throws(Interruption) {
        if let interruption, interruption != .timedOut { throw interruption }
    }

    /// Begins a new piece of work; interrupts that were meant for an earlier one do nothing from here on.
    ///
    /// - Returns: the number that `EventLoop.interrupt` takes.
    public func beginEpoch() -> UInt64 {
        epoch += 1
        return epoch
    }

    /// Makes a sleeping task look again.
    public func wake() {
        if let sleeper = sleeper.take() { return sleeper.resume() }
        if let attendant { return attendant.stirred() }
        guard parked != nil, isReadable || interruption != nil else { return }
        // More than one reason may come before the task does; the first task takes the waiter.
        loop.spawn { [token] loop in await loop.unpark(token) }
    }

    private func sleep() async {
        precondition(sleeper == nil && parked == nil, "a watch has one task")
        await withUnsafeContinuation { sleeper = $0 }
    }

    // MARK: The loop's side

    func becameReady(_ readiness: Readiness) {
        ready.formUnion(readiness)
        wake()
    }

    func interrupt(_ reason: Interruption, epoch: UInt64?) {
        if let epoch, epoch != self.epoch { return }
        // The first reason stands, but a deadline gives way: what somebody asked for says more.
        if interruption == nil || interruption == .timedOut { interruption = reason }
        wake()
    }

    /// The entry in the timer queue has come up, and is gone. Answers when to look again.
    func timerFired(now: Int64) -> Int64? {
        if deadline < .max {
            deadline += agenda.stalledNanoseconds - stalledBefore
            stalledBefore = agenda.stalledNanoseconds
        }
        if deadline > now {
            armed = deadline
            return deadline == .max ? nil : deadline
        }
        armed = .max
        interrupt(.timedOut, epoch: nil)
        return nil
    }
}
