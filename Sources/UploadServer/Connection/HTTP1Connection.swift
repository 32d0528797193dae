internal import HTTP
internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import TLS
internal import Wire

/// One client's connection that speaks HTTP/1.1: reads heads, hands requests to the dispatcher one after the other, and
/// sees to it that the client can read the last answer. Confined to its loop.
///
/// It has one task at a time: until it idles, and from then on one for each time that it wakes. In between it waits
/// without one, so that an idle connection costs what its encryption keeps and little more.
final class HTTP1Connection: Parked {
    let context: ConnectionContext
    let transport: Transport

    private var input = ReadAhead()
    private var parser = RequestParser()
    private var hasServed = false
    /// Whether the first bytes may still turn out to be HTTP/2.
    private var mayBeHTTP2: Bool
    /// When the wait for the next request has taken too long; SystemClock.monotonicNanoseconds.
    private var idleEnd: Int64 = 0

    /// A connection that has just shaken hands.
    init(_ context: ConnectionContext, _ transport: Transport) {
        self.context = context
        self.transport = transport
        mayBeHTTP2 = context.listenerKind == .http && context.server.configuration.allowsHTTP2
        beginIdling()
    }

    /// Serves requests until the connection idles or ends.
    func resume(on loop: isolated EventLoop) async {
        switch await serveRequests() {
        case .rests:
            server.connectionRested()
            transport.watch.park(self)
        case .ends:
            context.end(transport.watch, on: loop)
        case .speaksHTTP2:
            transport.watch.clearInterruption()
            guard let connection = HTTP2Connection(context, transport, read: input.all) else {
                return context.end(transport.watch, on: loop)
            }
            input.clear()
            await connection.resume(on: loop)
        }
    }

    /// Why the task is over.
    private enum Outcome {
        /// The connection is to wait for its next request.
        case rests
        /// It has come to its end.
        case ends
        /// Its client knows that the server speaks HTTP/2, and does (RFC 9113 3.3).
        case speaksHTTP2
    }

    private var server: ServerContext { context.server }
    private var scratch: UnsafeMutableRawBufferPointer { context.scratch }

    private func serveRequests() async -> Outcome {
        var sliceStart = SystemClock.monotonicNanoseconds
        while true {
            let exchange: Exchange
            do throws(HeadFailure) {
                switch try await nextHead() {
                case .notYet: return .rests
                case .preface: return .speaksHTTP2
                case .gone:
                    await closeGently(draining: hasInput)
                    return .ends
                case .head(let head):
                    context.beginRequest()
                    exchange = Exchange(
                        head, HTTP1Body(head, connection: self), on: self, of: context, watch: transport.watch)
                }
            } catch {
                await answer(error)
                return .ends
            }
            await Dispatch.handle(exchange)
            guard await exchange.conclude() else { return .ends }
            hasServed = true
            mayBeHTTP2 = false
            // Requests that lie here already must not keep the loop from its other connections.
            if hasInput { await transport.watch.yield(after: &sliceStart) }
            beginIdling()
            // A new connection counts as busy until it has shown what it wants: two that come together part ways.
            context.countAsIdle(true)
        }
    }

    /// The server stops: what the task waits for must come within this time.
    private func hurry(nanoseconds: Int64) {
        transport.watch.clearInterruption()
        transport.watch.setDeadline(SystemClock.monotonicNanoseconds + nanoseconds)
    }

    /// Closes so that the client can read the last answer.
    func closeGently(draining: Bool) async {
        transport.watch.isSpared = false
        await transport.closeGently(
            draining: draining, scratch: scratch.baseAddress!, scratchBytes: scratch.count,
            nanoseconds: server.isStopping ? ServerLimits.stopClosingNanoseconds : WireLimits.drainClosingNanoseconds,
            hurriedNanoseconds: ServerLimits.stopClosingNanoseconds)
    }

    // MARK: Idling

    private func beginIdling() {
        transport.watch.clearInterruption()
        idleEnd = SystemClock.monotonicNanoseconds + server.configuration.idleNanoseconds
    }

    /// Whether, after a wait for a first byte was interrupted, the connection is to wait on without its task. Keeps
    /// nothing then but what the next request needs to be noticed.
    private func mayPark(after interruption: Interruption) -> Bool {
        guard interruption == .timedOut, !server.isStopping, SystemClock.monotonicNanoseconds < idleEnd else {
            return false
        }
        transport.watch.clearInterruption()
        transport.watch.setDeadline(idleEnd)
        parser = RequestParser()
        input.clear()
        context.countAsIdle(true)
        return true
    }

    // MARK: Heads

    private enum NextHead {
        case head(RequestHead)
        /// What begins HTTP/2.
        case preface
        /// None within a while.
        case notYet
        /// The client has left, or idled too long, between requests.
        case gone
    }

    private enum HeadFailure: Error {
        case malformed(HTTPParseError)
        case transport(TransportError)
    }

    private func nextHead() async throws(HeadFailure) -> NextHead {
        transport.watch.isSpared = false
        transport.watch.setDeadline(min(SystemClock.monotonicNanoseconds + ServerLimits.parkNanoseconds, idleEnd))
        var isTiming = false
        var sliceStart = SystemClock.monotonicNanoseconds
        if server.isStopping { hurry(nanoseconds: hasServed ? 0 : server.configuration.stopRequestNanoseconds) }
        while true {
            if mayBeHTTP2, hasInput, beginsHTTP2() { return .preface }
            if let head = try parseInput() {
                context.countAsIdle(false)
                return .head(head)
            }
            if !isTiming, !isBetweenRequests {
                // The head's own clock starts with its first byte and no later byte stretches it.
                transport.watch.setDeadline(SystemClock.monotonicNanoseconds + server.configuration.headNanoseconds)
                isTiming = true
            }
            do throws(TransportError) {
                guard try await readIntoInput() else { return .gone }
                if transport.mayRead { await transport.watch.yield(after: &sliceStart) }
            } catch {
                if case .interrupted(.stopping) = error {
                    // A connection that only waits has a last look for a request; what has begun may come to its end.
                    hurry(nanoseconds: hasServed && isBetweenRequests ? 0 : server.configuration.stopRequestNanoseconds)
                    isTiming = true
                    continue
                }
                if isBetweenRequests, case .interrupted(let reason) = error {
                    return mayPark(after: reason) ? .notYet : .gone
                }
                throw .transport(error)
            }
        }
    }

    /// Not one byte of a request has come.
    private var isBetweenRequests: Bool { parser.isIdle && !hasInput }

    /// Looks at the first bytes; once they can be no preface it is known what they are.
    private func beginsHTTP2() -> Bool {
        switch Preface.judge(input.all) {
        case .isPreface: return true
        case .isOther: mayBeHTTP2 = false
        case .isOpen: break
        }
        return false
    }

    private func parseInput() throws(HeadFailure) -> RequestHead? {
        guard hasInput, !mayBeHTTP2 else { return nil }
        do throws(HTTPParseError) {
            try input.feed(&parser)
            return parser.takeHead()
        } catch {
            throw .malformed(error)
        }
    }

    /// Waits for bytes. Answers false at the end of the stream.
    private func readIntoInput() async throws(TransportError) -> Bool {
        while true {
            switch try transport.readNow(into: scratch.baseAddress!, count: ServerLimits.headReadBytes) {
            case .bytes(let count):
                input.append(UnsafeRawBufferPointer(start: scratch.baseAddress!, count: count))
                return true
            case .endOfStream: return false
            case .wouldBlock: try await transport.untilReadable()
            }
        }
    }

    /// Answers what could not be read as a request, and closes.
    private func answer(_ failure: HeadFailure) async {
        let refusal: Refusal
        switch failure {
        case .malformed(let error):
            refusal = Refusal(error)
        case .transport(.interrupted(.timedOut)):
            refusal = Refusal(.requestTimeout, code: "head-timeout", "The request head took too long.")
        case .transport:
            return
        }
        var (head, body) = context.answer(toUnread: refusal)
        head.setConnection("close")
        transport.watch.clearInterruption()
        transport.watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        // No answer to a HEAD has content, this one neither (RFC 9110 9.3.2).
        if parser.method == .head { body = [] }
        do throws(TransportError) {
            try await transport.write(head.bytes + body)
        } catch {
            return
        }
        await closeGently(draining: true)
    }

    // MARK: Bytes under the framing

    /// Whether bytes lie here that were read but not used.
    var hasInput: Bool { !input.isEmpty }

    /// Bytes that were read and not handed out.
    var inputCount: Int { input.count }

    /// Reads up to `count` bytes into `memory`: first what lies here, then from the transport. Never waits.
    func rawRead(into memory: UnsafeMutableRawPointer, count: Int) throws(BodyFailure) -> IOResult {
        if hasInput { return .bytes(input.move(to: memory, count: count)) }
        do throws(TransportError) {
            return try transport.readNow(into: memory, count: count)
        } catch {
            if case .truncated = error { return .endOfStream }
            throw .transport(error)
        }
    }

    /// Puts bytes back that turned out to belong to the next request.
    func putBack(_ bytes: UnsafeRawBufferPointer) { input.putBack(bytes) }
}
