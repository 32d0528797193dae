internal import HTTP
internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// One client's connection that speaks HTTP/2: reads frames, gives each stream its own task, and sends what they have
/// to say. Confined to its loop.
///
/// Its own task reads and writes and handles no request, so no stream waits for another one's; while the streams rest
/// it waits without a task, as one of HTTP/1.1 does.
final class HTTP2Connection: Parked {
    let context: ConnectionContext
    let transport: Transport
    private(set) var session: ServerSession!
    /// Those that have a task, or get one before the next sleep.
    var streams: [Int32: HTTP2Stream] = [:]
    /// Those that get one.
    var newcomers: [HTTP2Stream] = []
    /// Those for which something has come in the read that is under way.
    var touched: [HTTP2Stream] = []
    var window = ReceiveWindow(
        size: HTTP2Limits.connectionWindowBytes, most: HTTP2Limits.connectionWindowBytesMax)
    /// The stream that has got content last, where it has lent memory for more: what comes next is read to there.
    var lender: HTTP2Stream?
    /// Streams have something to do with what has come, before more does.
    var hasWoken = false
    /// Bytes of streams that nobody waits for any more, or whose window is small, to be given back to the
    /// connection's.
    var unwanted = 0
    /// Bytes of the heads of all streams.
    var headBytes = 0
    /// Bytes that wait in streams for their tasks.
    var heldBytes = 0
    /// Those of them that the connection's window has back already.
    var aheadBytes = 0
    /// Bytes that streams whose bodies a rate slows down may be sent ahead beyond what every stream may: all of them
    /// may have to wait here, or nothing that stands behind them would be heard of.
    var slowedBytes = 0
    /// Nothing was taken of what waits for long: what stands behind it is read.
    var isOverdue = false
    /// When that is looked at next; `.max` while nothing keeps the connection from being read.
    var overdueLook = Int64.max
    /// Whether it was looked at before, with nothing taken since.
    private var wasLookedAt = false
    /// Streams whose bodies come in floods.
    var floods = 0

    var output: [UInt8] = []
    var outputStart = 0
    /// The socket takes nothing at the moment.
    var isBlocked = false
    /// When a connection without streams ends whose socket takes nothing, if it still takes nothing then.
    var outputEnd = Int64.max
    /// The task sleeps and bytes that come do not wake it: there is no room for what they bring.
    var isPaused = false
    /// Somebody has something to send.
    var isStirred = true
    private(set) var end = ConnectionEnd()
    /// When the wait for the next stream has taken too long; SystemClock.monotonicNanoseconds.
    private var idleEnd: Int64 = 0
    /// When the head that has begun, or the answer to a stop, has taken too long; `.max` for neither.
    private var patienceEnd = Int64.max
    /// The head that it is about.
    private var watchedHead = 0

    /// - Parameter read: bytes that were read already.
    init?(_ context: ConnectionContext, _ transport: Transport, read: ArraySlice<UInt8>) {
        self.context = context
        self.transport = transport
        let (isShared, now) = (context.isFromTrustedProxy, SystemClock.monotonicNanoseconds)
        guard let session = ServerSession(events: self, isShared: isShared, now: now) else { return nil }
        self.session = session
        context.counters.add(.http2Connections)
        beginIdling()
        read.withUnsafeBytes { if !$0.isEmpty { feed($0) } }
    }

    var server: ServerContext { context.server }
    var watch: Watch { transport.watch }

    // MARK: The connection's task

    /// Serves streams until all rest, or the connection ends.
    func resume(on loop: isolated EventLoop) async {
        if await serve(on: loop) {
            server.connectionRested()
            (output, newcomers, touched, streams) = ([], [], [], [:])
            session.rest()
            return watch.park(self)
        }
        await outlive(on: loop)
        if end.stage != .broken { await closeGently() }
        context.counters.closedHTTP2.add(1)
        context.end(watch, on: loop)
    }

    /// Answers whether the connection is to wait for its next stream; otherwise it has come to its end.
    private func serve(on loop: isolated EventLoop) async -> Bool {
        var sliceStart = SystemClock.monotonicNanoseconds
        while true {
            do throws(TransportError) {
                let hasRead = try read()
                if newcomers.count > ServerLimits.streamsUnansweredMax { try reach() }
                let hasMore = begin(on: loop)
                try flush()
                if end.stage < .givenUp, !session.wantsRead { hear(.closed, session.complaint) }
                if end.stage == .left, output.isEmpty { giveUpAnswers() }
                if isOver { return false }
                if hasRead || hasMore {
                    await letOthers(&sliceStart, hasMore)
                    try heed()
                    continue
                }
                try await sleep()
                sliceStart = SystemClock.monotonicNanoseconds
            } catch {
                guard case .interrupted(let reason) = error else {
                    hear(.broken)
                    return false
                }
                if let rests = interrupted(reason) { return rests }
            }
        }
    }

    /// A client that sends nothing more gives no leave either: what its windows have no room for is never sent.
    private func giveUpAnswers() {
        for stream in streams.values where stream.isAnswering && session.waitsForWindow(stream.id) { stream.lost() }
    }

    /// What has been read is not all that there is to do: others have their turn, and those first whose bytes have
    /// come.
    ///
    /// - Parameter hasMore: whether streams wait for their turn, too.
    private func letOthers(_ sliceStart: inout Int64, _ hasMore: Bool) async {
        if transport.comesInCrumbs {
            // Who sends next to nothing in each record of the encryption has to wait: all others pay for it.
            // An interruption that ends this early ends the next sleep, too.
            try? await watch.pause(nanoseconds: ServerLimits.crumbPauseNanoseconds)
            return
        }
        if hasMore {
            await watch.yield()
            sliceStart = SystemClock.monotonicNanoseconds
            return
        }
        await watch.yield(after: &sliceStart)
        if !hasWoken { return }
        hasWoken = false
        await watch.nextTurn()
    }

    /// Whether nothing is left to be done: every stream has ended, and nothing more will come.
    private var isOver: Bool {
        guard streams.isEmpty, output.isEmpty else { return false }
        return end.stage >= .left || session.isOver || (end.stage == .told && session.outboundFrames == 0)
    }

    /// What would end a sleep is heard without one as well: a client may send without end.
    private func heed() throws(TransportError) {
        do throws(Interruption) { try watch.checkInterruptionButDeadline() } catch { throw .interrupted(error) }
        let now = SystemClock.monotonicNanoseconds
        watchHead(now)
        if now >= patienceEnd {
            patienceEnd = .max
            hear(.overdue)
        }
        if streams.isEmpty, now >= idleEnd { hear(.idle) }
    }

    /// The head's own clock starts with its first byte and no later byte stretches it.
    private func watchHead(_ now: Int64) {
        guard end.stage == .open else { return }
        if !session.isInHead {
            patienceEnd = .max
        } else if patienceEnd == .max || watchedHead != session.headCount {
            patienceEnd = now + server.configuration.headNanoseconds
            watchedHead = session.headCount
        }
    }

    private func sleep() async throws(TransportError) {
        let now = SystemClock.monotonicNanoseconds
        watchHead(now)
        let rest =
            !streams.isEmpty ? .max : isBlocked ? outputEnd : min(now + ServerLimits.parkNanoseconds, idleEnd)
        let mayRead = mayRead
        if mayRead || isOverdue || !holdsMuch {
            overdueLook = .max
        } else if overdueLook == .max {
            overdueLook = now + ServerLimits.heldPatienceNanoseconds
            wasLookedAt = false
        }
        watch.setDeadline(min(rest, patienceEnd, overdueLook))
        if isPressed { for stream in streams.values { stream.press() } }
        if isStirred, !isBlocked { return }
        isPaused = !mayRead
        try await transport.untilStirred(reads: !isPaused, writes: isBlocked)
    }

    /// Answers whether the task is over, and then whether the connection rests.
    private func interrupted(_ reason: Interruption) -> Bool? {
        watch.clearInterruption()
        guard reason == .timedOut else {
            hear(.stop)
            return end.stage == .broken ? false : nil
        }
        let now = SystemClock.monotonicNanoseconds
        if now >= patienceEnd {
            patienceEnd = .max
            hear(.overdue)
            return nil
        }
        if now >= overdueLook {
            // Twice: it may have been this loop that had no time, and has not heard yet of what was taken.
            isOverdue = wasLookedAt
            wasLookedAt = true
            overdueLook = now + ServerLimits.heldPatienceNanoseconds
            if isOverdue { isStirred = true }
        }
        guard streams.isEmpty else { return nil }
        if isBlocked {
            guard now >= outputEnd else { return nil }
            hear(.broken)
            return false
        }
        if now >= idleEnd {
            hear(.idle)
            return nil
        }
        guard end.stage == .open, output.isEmpty, !session.isInHead, !server.isStopping else { return nil }
        watch.setDeadline(idleEnd)
        context.countAsIdle(true)
        return true
    }

    /// Waits for the tasks of streams that a broken connection has left: they settle what came.
    private func outlive(on loop: isolated EventLoop) async {
        while begin(on: loop) { await watch.yield() }
        while !streams.isEmpty {
            watch.clearInterruption()
            do throws(Interruption) { try await watch.untilWoken() } catch { continue }
        }
    }

    private func closeGently() async {
        watch.isSpared = false
        await transport.closeGently(
            draining: true, scratch: context.scratch.baseAddress!, scratchBytes: context.scratch.count,
            nanoseconds: server.isStopping ? ServerLimits.stopClosingNanoseconds : WireLimits.drainClosingNanoseconds,
            hurriedNanoseconds: ServerLimits.stopClosingNanoseconds)
    }

    func beginIdling() {
        idleEnd = SystemClock.monotonicNanoseconds + server.configuration.idleNanoseconds
    }

    // MARK: The end

    /// Something has happened that the connection may end by.
    ///
    /// - Parameter reason: what the client has done wrong, for the log.
    func hear(_ event: ConnectionEnd.Event, _ reason: String? = nil) {
        let effect = end.hear(event)
        isStirred = true
        if let reason, effect == .lose { server.log.connectionFailed(peer: context.peer, reason) }
        switch effect {
        case .none: break
        case .announce:
            // What the client has sent by the time that it hears of it is still served; the streams hear of the stop
            // themselves.
            watch.isSpared = true
            session.announceEnd()
            session.ping()
            patienceEnd = SystemClock.monotonicNanoseconds + server.configuration.stopRequestNanoseconds
        case .tell:
            patienceEnd = .max
            session.goAway(.noError)
        case .terminate: session.terminate(.protocolError, "a head did not come in time")
        case .cut: for stream in streams.values { stream.cut() }
        case .lose: for stream in streams.values { stream.lost() }
        }
    }
}
