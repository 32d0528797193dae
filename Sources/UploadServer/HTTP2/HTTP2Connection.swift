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
    /// How far the end of the connection has come.
    enum Ending {
        case none
        /// The client was told to begin nothing more; what it had sent by then is still heard.
        case announced
        /// It was told which streams are served to their end.
        case told
    }

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
    /// Bytes of streams that nobody waits for any more, or that wait for a rate, to be given back to the connection's
    /// window.
    var unwanted = 0
    /// Bytes that wait in streams for their tasks.
    var heldBytes = 0
    /// Bytes that streams whose bodies a rate slows down may be sent ahead: all of them may have to wait here, or
    /// nothing that stands behind them would be heard of.
    var slowedBytes = 0
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
    var ending = Ending.none
    /// No more bytes are taken apart: the client has gone, or has broken the connection.
    var isDeaf = false
    /// No more bytes are sent either, but for what says so: no stream has anything to wait for.
    var isGivenUp = false
    /// The client has broken the rules in a way that the session did not survive.
    var isFailed = false
    /// The connection can carry nothing any more.
    var isBroken = false
    /// When the wait for the next stream has taken too long; SystemClock.monotonicNanoseconds.
    private var idleEnd: Int64 = 0
    /// When the head that has begun, or the answer to a stop, has taken too long; `.max` for neither.
    private var patienceEnd = Int64.max

    /// - Parameter read: bytes that were read already.
    init?(_ context: ConnectionContext, _ transport: Transport, read: ArraySlice<UInt8>) {
        self.context = context
        self.transport = transport
        guard let session = ServerSession(events: self, now: SystemClock.monotonicNanoseconds) else { return nil }
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
            return watch.park(self)
        }
        await outlive(on: loop)
        if !isBroken { await closeGently() }
        context.counters.closedHTTP2.add(1)
        context.end(watch, on: loop)
    }

    /// Answers whether the connection is to wait for its next stream; otherwise it has come to its end.
    private func serve(on loop: isolated EventLoop) async -> Bool {
        var sliceStart = SystemClock.monotonicNanoseconds
        while true {
            do throws(TransportError) {
                let hasRead = try read()
                begin(on: loop)
                try flush()
                if !isGivenUp, !session.wantsRead { giveUp(session.complaint) }
                if isOver { return false }
                if hasRead {
                    await letOthers(&sliceStart)
                    continue
                }
                try await sleep()
                sliceStart = SystemClock.monotonicNanoseconds
            } catch {
                guard case .interrupted(let reason) = error else {
                    isBroken = true
                    return false
                }
                if let rests = interrupted(reason) { return rests }
            }
        }
    }

    /// What has been read is not all that there is to do: others have their turn, and those first whose bytes have
    /// come.
    private func letOthers(_ sliceStart: inout Int64) async {
        if transport.comesInCrumbs {
            // Who sends next to nothing in each record of the encryption has to wait: all others pay for it.
            // An interruption that ends this early ends the next sleep, too.
            try? await watch.pause(nanoseconds: ServerLimits.crumbPauseNanoseconds)
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
        return isDeaf || session.isOver || (ending == .told && session.outboundFrames == 0)
    }

    private func sleep() async throws(TransportError) {
        let now = SystemClock.monotonicNanoseconds
        if ending == .none, !session.isInHead {
            patienceEnd = .max
        } else if ending == .none, patienceEnd == .max {
            // The head's own clock starts with its first byte and no later byte stretches it.
            patienceEnd = now + server.configuration.headNanoseconds
        }
        let rest =
            !streams.isEmpty ? .max : isBlocked ? outputEnd : min(now + ServerLimits.parkNanoseconds, idleEnd)
        watch.setDeadline(min(rest, patienceEnd))
        if isStirred, !isBlocked { return }
        isPaused = !mayRead
        try await transport.untilStirred(reads: !isPaused, writes: isBlocked)
    }

    /// Answers whether the task is over, and then whether the connection rests.
    private func interrupted(_ reason: Interruption) -> Bool? {
        watch.clearInterruption()
        guard reason == .timedOut else {
            guard ending == .none else {
                // A stop that has come to its last resort.
                isBroken = true
                return false
            }
            stop()
            return nil
        }
        let now = SystemClock.monotonicNanoseconds
        if now >= patienceEnd {
            if ending == .none { session.terminate(.protocolError) } else { tellEnd() }
            isStirred = true
            return nil
        }
        guard streams.isEmpty else { return nil }
        if isBlocked {
            guard now >= outputEnd else { return nil }
            isBroken = true
            return false
        }
        if now >= idleEnd {
            tellEnd()
            return nil
        }
        guard ending == .none, output.isEmpty, !session.isInHead, !server.isStopping else { return nil }
        watch.setDeadline(idleEnd)
        context.countAsIdle(true)
        return true
    }

    /// Waits for the tasks of streams that a broken connection has left: they settle what came.
    private func outlive(on loop: isolated EventLoop) async {
        isDeaf = true
        for stream in streams.values { stream.lost() }
        begin(on: loop)
        while !streams.isEmpty {
            watch.clearInterruption()
            do throws(Interruption) { try await watch.untilWoken() } catch { continue }
        }
    }

    private func closeGently() async {
        watch.isSpared = false
        await transport.closeGently(
            draining: isFailed || isDeaf, scratch: context.scratch.baseAddress!, scratchBytes: context.scratch.count,
            nanoseconds: server.isStopping ? ServerLimits.stopClosingNanoseconds : WireLimits.drainClosingNanoseconds,
            hurriedNanoseconds: ServerLimits.stopClosingNanoseconds)
    }

    func beginIdling() {
        idleEnd = SystemClock.monotonicNanoseconds + server.configuration.idleNanoseconds
    }

    // MARK: The end

    /// The server stops. What the client has sent by the time that it hears of it is still served; the streams hear of
    /// the stop themselves.
    private func stop() {
        ending = .announced
        watch.isSpared = true
        session.announceEnd()
        session.ping()
        patienceEnd = SystemClock.monotonicNanoseconds + server.configuration.stopRequestNanoseconds
        isStirred = true
    }

    func tellEnd() {
        ending = .told
        patienceEnd = .max
        session.goAway(.noError)
        isStirred = true
    }
}
