public import LinuxSystem
internal import Synchronization

/// Memory for bodies, in buffers of one size: a bounded number for all loops together, made when first needed, kept
/// warm, given back to the system when long unused.
///
/// A task that finds none sleeps until one comes back, in the order of asking: that is the back-pressure which keeps
/// the network from overrunning the disk. From any loop; the lock is held for moments.
public final class BufferPool: Sendable {
    private struct Waiter {
        let ticket: UInt64
        let loop: EventLoop
        let token: EventToken
    }

    private struct State: ~Copyable {
        let free: UnsafeMutablePointer<AlignedBuffer>
        var freeCount = 0
        var madeCount = 0
        /// Who sleeps, and of those who have been woken for a buffer the ones that have not taken it yet.
        var waiting: [Waiter] = []
        var granted: Set<UInt64> = []
        var lastTicket: UInt64 = 0
        /// The fewest buffers that lay unused since the last trim: nobody needed those.
        var leastFree = 0

        init(limit: Int) { free = .allocate(capacity: limit) }

        deinit {
            free.deinitialize(count: freeCount)
            free.deallocate()
        }
    }

    /// Size of every buffer in bytes.
    public let bufferBytes: Int
    /// How many buffers there may be, 1 or more.
    public let limit: Int
    private let state: Mutex<State>
    private let trimTime = Atomic<Int64>(.max)

    /// - Parameters:
    ///   - bufferBytes: a multiple of `AlignedBuffer.alignment`.
    ///   - memoryBytes: what all buffers together may take; one buffer there is in any case.
    public init(bufferBytes: Int, memoryBytes: Int) {
        self.bufferBytes = bufferBytes
        limit = max(1, memoryBytes / bufferBytes)
        state = Mutex(State(limit: limit))
    }

    /// Buffers on lease: with a connection, or with a disk thread on its behalf.
    public var leasedCount: Int { state.withLock { $0.madeCount - $0.freeCount } }

    /// Buffers that hold memory, leased or not.
    public var count: Int { state.withLock { $0.madeCount } }

    /// A buffer, if there is one that nobody waits for. Its content is undefined.
    public func tryLease() -> AlignedBuffer? {
        state.withLock { state in
            guard state.waiting.isEmpty, state.granted.isEmpty else { return nil }
            return take(&state)
        }
    }

    /// A buffer, at once or when one comes back. Its content is undefined. The task that sleeps for it is `watch`'s,
    /// whose deadline is used for that and gone afterwards. To be called with no buffer in hand: if all who wait had
    /// one, nobody would ever get another.
    ///
    /// - Parameter nanoseconds: how long at most.
    /// - Throws: what interrupted the wait, `.timedOut` where it took so long; no buffer is held then.
    public func lease(
        _ watch: Watch, nanoseconds: Int64 = ReactorLimits.leaseNanoseconds
    ) async throws(Interruption) -> AlignedBuffer {
        if let buffer = tryLease() { return buffer }
        let ticket = state.withLock { state in
            state.lastTicket += 1
            state.waiting.append(Waiter(ticket: state.lastTicket, loop: watch.loop, token: watch.token))
            return state.lastTicket
        }
        let end = SystemClock.monotonicNanoseconds + nanoseconds
        do throws(Interruption) {
            while true {
                if let buffer = takeInOrder(ticket) {
                    watch.setDeadline(.max)
                    return buffer
                }
                // What the system had not it may have again, and nobody tells.
                let next = SystemClock.monotonicNanoseconds + ReactorLimits.leaseRetryNanoseconds
                watch.setDeadline(min(next, end))
                do throws(Interruption) {
                    try await watch.untilWoken()
                } catch {
                    guard error == .timedOut, SystemClock.monotonicNanoseconds < end else { throw error }
                    watch.clearInterruption()
                }
            }
        } catch {
            leave(ticket)
            throw error
        }
    }

    /// Ends a lease.
    public func giveBack(_ buffer: consuming AlignedBuffer) {
        var returned: AlignedBuffer? = consume buffer
        let next = state.withLock { state in
            (state.free + state.freeCount).initialize(to: returned.take()!)
            state.freeCount += 1
            return BufferPool.grant(&state)
        }
        if trimTime.load(ordering: .relaxed) == .max {
            let time = SystemClock.monotonicNanoseconds + ReactorLimits.trimIntervalNanoseconds
            trimTime.store(time, ordering: .relaxed)
        }
        if let next { BufferPool.wake(next) }
    }

    /// When unused buffers are looked at next; `.max` while there are none.
    var nextTrim: Int64 { trimTime.load(ordering: .relaxed) }

    /// Gives memory back that nobody has needed for a while: by whichever loop turns.
    func trimIfDue(now: Int64) {
        let due = trimTime.load(ordering: .relaxed)
        guard now >= due, trimTime.compareExchange(expected: due, desired: .max, ordering: .relaxed).exchanged else {
            return
        }
        // One by one, and not under the lock: giving memory back takes its time.
        for _ in 0..<ReactorLimits.trimsPerTurn {
            let unused = state.withLock { state -> AlignedBuffer? in
                guard state.leastFree > 0 else { return nil }
                state.leastFree -= 1
                state.freeCount -= 1
                state.madeCount -= 1
                return (state.free + state.freeCount).move()
            }
            guard unused != nil else { break }
        }
        let (isDone, hasFree) = state.withLock { state in
            let isDone = state.leastFree == 0
            if isDone { state.leastFree = state.freeCount }
            return (isDone, state.freeCount > 0)
        }
        let pause = isDone ? ReactorLimits.trimIntervalNanoseconds : ReactorLimits.trimStepNanoseconds
        if hasFree { trimTime.store(now + pause, ordering: .relaxed) }
    }

    private func take(_ state: inout State) -> AlignedBuffer? {
        if state.freeCount > 0 {
            state.freeCount -= 1
            state.leastFree = min(state.leastFree, state.freeCount)
            return (state.free + state.freeCount).move()
        }
        guard state.madeCount < limit, let buffer = AlignedBuffer(count: bufferBytes) else { return nil }
        state.madeCount += 1
        return buffer
    }

    /// For who waits: a buffer if it is his turn and there is one.
    private func takeInOrder(_ ticket: UInt64) -> AlignedBuffer? {
        state.withLock { state in
            let isGranted = state.granted.contains(ticket)
            guard isGranted || (state.granted.isEmpty && state.waiting.first?.ticket == ticket),
                let buffer = take(&state)
            else { return nil }
            if isGranted { state.granted.remove(ticket) } else { state.waiting.removeFirst() }
            return buffer
        }
    }

    /// Who waited gives up; what was meant for him is the next one's.
    private func leave(_ ticket: UInt64) {
        let next = state.withLock { state -> Waiter? in
            if state.granted.remove(ticket) == nil { state.waiting.removeAll { $0.ticket == ticket } }
            return BufferPool.grant(&state)
        }
        if let next { BufferPool.wake(next) }
    }

    /// Promises a free buffer to the first of those who wait.
    private static func grant(_ state: inout State) -> Waiter? {
        guard state.freeCount > state.granted.count, !state.waiting.isEmpty else { return nil }
        let next = state.waiting.removeFirst()
        state.granted.insert(next.ticket)
        return next
    }

    private static func wake(_ waiter: Waiter) {
        waiter.loop.spawn { loop in loop.wake(waiter.token) }
    }
}
