public import LinuxSystem

/// One thread that waits for events and runs the tasks which those events concern.
///
/// The loop is an actor whose executor is its own thread: whatever is isolated to it, and every async function called
/// from there, runs on that thread and needs no lock. A turn is: wait in the poller (not at all if jobs are queued) →
/// mark the watches that became ready → fire timers → run the queued jobs → give slices to tasks that have much to do
/// (`Watch.yield`); the last two for a bounded time.
public actor EventLoop {
    /// Runs this loop's tasks; lets other threads resume them.
    public nonisolated let executor: LoopExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Which of its group's loops this is, from 0 on.
    public nonisolated let index: Int

    /// What the loop has to do, for placing new connections. Read by any thread.
    public nonisolated let load = LoopLoad()

    /// Memory for bodies on their way to the disk; all loops of a group share it.
    public nonisolated let buffers: BufferPool

    /// Memory for bytes on their way from the disk, likewise.
    public nonisolated let sendBuffers: BufferPool

    /// Memory that any task of the loop may use between two suspensions; its content means nothing to the next.
    public let scratch: AlignedBuffer

    /// What its user keeps for its tasks alone.
    private var attachment: AnyObject?

    private let epoll: Epoll
    private var watches = WatchTable()
    private let agenda = Agenda()
    /// How often it has turned.
    private(set) var turnCount = 0
    private var turnNanoseconds: Int64 = SystemClock.monotonicNanoseconds

    /// A loop that nothing turns yet; `run` does, on its own thread.
    ///
    /// - Parameters:
    ///   - buffers: memory for bodies on their way to the disk.
    ///   - sendBuffers: memory for bytes on their way from it.
    public init(buffers: BufferPool, sendBuffers: BufferPool, index: Int = 0) throws(Errno) {
        self.index = index
        self.buffers = buffers
        self.sendBuffers = sendBuffers
        executor = try LoopExecutor()
        epoll = try Epoll(capacity: ReactorLimits.eventsPerTurn)
        guard let memory = AlignedBuffer(count: ReactorLimits.scratchBytes) else { throw .noMemory }
        scratch = memory
        try epoll.addForReading(executor.wakeUp.descriptor.rawValue, token: EventToken.wakeUp.rawValue)
    }

    /// Turns the loop on the calling thread until `stop`.
    public nonisolated func run() {
        executor.bindToCurrentThread()
        assumeIsolated { loop in
            var batch: [UnownedJob] = []
            var late = WaitingLine<UnownedJob>()
            repeat { loop.poll(mayWait: late.count == 0) } while loop.runJobs(batch: &batch, late: &late)
        }
    }

    /// Runs what the turn has brought, then what earlier ones have left, then slices: each for a bounded time. So
    /// thousands of tasks that become ready together (a batch of records is committed) do not keep the poller waiting,
    /// and what comes meanwhile goes first. Answers false once the loop is to leave its thread.
    private func runJobs(batch: inout [UnownedJob], late: inout WaitingLine<UnownedJob>) -> Bool {
        guard executor.runQueuedJobs(batch: &batch, late: &late) else { return false }
        executor.runLateJobs(&late)
        // Who asks for another slice meanwhile gets it in a later turn: the poller comes in between.
        var left = agenda.queuedCount
        if left == 0 { return true }
        let end = SystemClock.monotonicNanoseconds + ReactorLimits.slicesNanosecondsPerTurn
        repeat {
            agenda.resumeQueued()
            left -= 1
            guard executor.runQueuedJobs(batch: &batch, late: &late) else { return false }
        } while left > 0 && SystemClock.monotonicNanoseconds < end
        return true
    }

    /// Makes `run` return soon. From any thread.
    public nonisolated func stop() { executor.stop() }

    /// Starts a task on this loop. From any thread.
    public nonisolated func spawn(_ body: @escaping @Sendable (isolated EventLoop) async -> Void) {
        Task(executorPreference: executor) { await body(self) }
    }

    /// What only the tasks of this loop touch; made at the first call, of one type for all calls.
    public func attached<Value: AnyObject>(_ make: () -> Value) -> Value {
        if let attachment = attachment as? Value { return attachment }
        let value = make()
        attachment = value
        return value
    }

    /// When the current turn began, in SystemClock.monotonicNanoseconds: near enough for deadlines, and free.
    public var now: Int64 { turnNanoseconds }

    /// Watches a descriptor, which must stay open until `end`.
    public func watch(_ descriptor: Int32) throws(Errno) -> Watch {
        let watch = watches.insert { Watch(token: $0, loop: self, agenda: agenda) }
        do throws(Errno) {
            try epoll.add(descriptor, token: watch.token.rawValue)
        } catch {
            watches.remove(watch.token)
            throw error
        }
        return watch
    }

    /// A watch without a descriptor: for tasks that only wait for time, or to be woken.
    public func watch() -> Watch { watches.insert { Watch(token: $0, loop: self, agenda: agenda) } }

    /// Ends a watch, once the task that used it sleeps on it no more: a task that still did would sleep for ever. Late
    /// events and interrupts for it fall on nobody. Ending it once more is a mistake, and traps.
    ///
    /// - Parameter descriptor: what it watched, where that stays open: it is taken off epoll. Closing does that, too.
    public func end(_ watch: Watch, _ descriptor: Int32? = nil) {
        if let descriptor { epoll.remove(descriptor) }
        agenda.timers.remove(watch.token)
        watches.remove(watch.token)
    }

    /// Entries in the timer queue, at most one for each watch.
    public var timerCount: Int { agenda.timers.count }

    /// Interrupts the task behind `token`, if it is still there and still at the work it began with `epoch`.
    public func interrupt(_ token: EventToken, epoch: UInt64, _ reason: Interruption) {
        watches[token]?.interrupt(reason, epoch: epoch)
    }

    /// Makes the task behind `token` look again at what it waits for, if it is still there.
    public func wake(_ token: EventToken) { watches[token]?.wake() }

    /// Interrupts the task behind `token`, if it is still there, whatever it is at.
    public func interrupt(_ token: EventToken, _ reason: Interruption) {
        watches[token]?.interrupt(reason, epoch: nil)
    }

    /// Interrupts every task that sleeps or will sleep on a watch of this loop: for stopping.
    ///
    /// - Parameter sparing: whether tasks that are to be spared are.
    public func interruptAll(_ reason: Interruption, sparing: Bool = true) {
        watches.forEach { if !sparing || !$0.isSpared { $0.interrupt(reason, epoch: nil) } }
    }

    /// What tasks of this loop are at that have said so (`Watch.occupation`).
    ///
    /// - Parameter sparing: whether those are left out that an interruption spares.
    public func occupations(sparing: Bool) -> [any Occupation] {
        var found: [any Occupation] = []
        watches.forEach { if let occupation = $0.occupation, !sparing || !$0.isSpared { found.append(occupation) } }
        return found
    }

    /// Goes on with whoever waited behind `token`, unless that has been done.
    func unpark(_ token: EventToken) async { await watches[token]?.takeParked()?.resume(on: self) }

    private func poll(mayWait: Bool) {
        let timeout = mayWait && !agenda.hasWaiting && executor.mayStartSleeping() ? timeoutMilliseconds() : 0
        let count = epoll.wait(timeoutMilliseconds: timeout)
        // From here on whoever resumes a task of this loop need not wake it: it is awake.
        if timeout != 0 { executor.stopSleeping() }
        for index in 0..<count {
            let (rawToken, readiness) = epoll.event(index)
            let token = EventToken(rawValue: rawToken)
            // The wake-up's own count is never read: edge-triggered epoll tells of each signal all the same.
            if token != .wakeUp { watches[token]?.becameReady(readiness) }
        }
        let now = SystemClock.monotonicNanoseconds
        if timeout >= 0 { agenda.wasLate(nanoseconds: now - turnNanoseconds - Int64(timeout) * 1_000_000) }
        turnNanoseconds = now
        turnCount += 1
        for _ in 0..<ReactorLimits.timersPerTurn {
            guard let token = agenda.timers.popDue(at: now) else { break }
            if let next = watches[token]?.timerFired(now: now) { agenda.timers.set(token, at: next) }
        }
        agenda.resumeYielded()
        buffers.trimIfDue(now: now)
        sendBuffers.trimIfDue(now: now)
    }

    private func timeoutMilliseconds() -> Int32 {
        let earliest = min(agenda.timers.earliest ?? .max, buffers.nextTrim, sendBuffers.nextTrim)
        guard earliest != .max else { return -1 }
        // Rounded up: a wait that ends just before the time would be repeated with zero, over and over.
        let wait = max(0, earliest - SystemClock.monotonicNanoseconds)
        return Int32(clamping: (wait + 999_999) / 1_000_000)
    }
}
