internal import Access
internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Uploads
internal import Wire

/// One request and its one answer. Confined to its connection's loop.
final class Exchange {
    let head: RequestHead
    let body: RequestBody
    /// Names this request in the log and to the client (`X-Request-ID`).
    let id = RequestID.next().description
    let connection: Connection
    /// Under one configuration from the beginning to the end.
    let server: ServerContext
    let startNanoseconds = SystemClock.monotonicNanoseconds

    /// Who sends the request; everybody, until `identify`.
    private(set) var principal = Principal.anybody
    /// What the addresses end with that its client is told.
    private(set) var addressSuffix = ""

    /// What the log says of this request beyond the usual.
    var uploadID: UploadID?
    var note: String?
    /// The rule by which it was refused, where that was one of access.
    private(set) var refusingRule: String?

    private(set) var answered: Status?
    private var bytesSent: Int64 = 0
    /// Of these, what the loop's counters know: a download is counted as it goes.
    private var bytesCounted: Int64 = 0
    private var closes: Bool
    private(set) var isBroken = false

    init(head: RequestHead, connection: Connection) {
        self.head = head
        self.connection = connection
        server = connection.server
        body = RequestBody(head, connection: connection)
        closes = !head.keepsAlive
    }

    var watch: Watch { connection.transport.watch }

    /// The connection ends after this exchange, whatever the client asked for.
    func closeAfterwards() { closes = true }

    /// Answers with a whole body. `Content-Length`, `Date`, `Connection` and `X-Request-ID` are added here; a HEAD gets
    /// no content.
    func respond(_ response: consuming ResponseHead, body content: [UInt8] = []) async {
        var bytes = begin(response, contentLength: Int64(content.count))
        if head.sentMethod != .head { bytes += content }
        await send(bytes)
    }

    /// Sends an informational answer (1xx) ahead of the final one.
    func inform(_ response: ResponseHead) async {
        precondition(response.status.isInformational && answered == nil, "the final answer comes last")
        guard !isBroken else { return }
        var bytes: [UInt8] = []
        response.write(into: &bytes, date: nil)
        watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        do throws(TransportError) {
            try await connection.transport.write(bytes)
        } catch {
            isBroken = true
        }
    }

    /// Answers with an error whose code a program can rely on.
    func refuse(_ refusal: Refusal) async {
        note = refusal.code
        await respond(refusal.responseHead, body: refusal.bodyBytes)
    }

    /// The same for a request whose principal may not do that.
    func refuse(_ fault: AccessFault, _ refusal: Refusal) async {
        refusingRule = fault.rule
        connection.counters.countRefusal(fault.rule)
        await refuse(refusal)
    }

    /// Finds out who sends the request.
    func identify() throws(AccessFault) {
        let policy = server.configuration.access
        if policy.isOpen { return }
        let (principal, credential) = try connection.credentials.identify(head, policy)
        self.principal = principal
        addressSuffix = credential?.querySuffix ?? ""
    }

    /// Starts an answer whose content the caller sends with `sendFile`: exactly `contentLength` bytes, none to a HEAD.
    func startResponse(_ response: consuming ResponseHead, contentLength: Int64) async {
        await send(begin(response, contentLength: contentLength))
    }

    /// Counts content that was handed to the connection.
    func countSent(_ count: Int) {
        bytesSent += Int64(count)
        connection.counters.add(.bytesSent, Int64(count))
        bytesCounted += Int64(count)
    }

    /// The content cannot be completed: the client must see a broken connection, not a short file.
    func abortResponse() {
        isBroken = true
        connection.transport.abort()
    }

    /// Ends the exchange: logs it, reads what is left of the body within a bound. Answers whether the connection may
    /// serve another request.
    func conclude() async -> Bool {
        // Who looks after the server is no client, and comes often.
        if connection.listenerKind != .admin || answered != .ok { server.log.finished(self, sent: bytesSent) }
        if connection.listenerKind != .admin {
            connection.counters.requests[RequestKind(head.method, answered).index].add(1)
        }
        connection.counters.add(.bytesSent, bytesSent - bytesCounted)
        if isBroken { return false }
        guard answered != nil else {
            // Nothing was answered because the connection died under the request.
            return false
        }
        if !closes {
            watch.isSpared = false
            if await discardRest() { return true }
            if !server.isStopping { return false }
        }
        await connection.closeGently(draining: !body.isAtEnd || connection.hasInput)
        return false
    }

    /// Head and body of a response as they go onto the wire, without framing fields added.
    static func serialized(_ head: ResponseHead) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        head.write(into: &bytes, date: HTTPDate(secondsSince1970: SystemClock.wallNanoseconds / 1_000_000_000))
        return bytes
    }

    private func begin(_ response: consuming ResponseHead, contentLength: Int64) -> [UInt8] {
        precondition(answered == nil, "a request is answered once")
        answered = response.status
        // What is left of a short body is read afterwards; a long one, or one that a client may never send because it
        // waits for a 100, ends the connection.
        let isShort = body.isAtEnd || (!body.isAwaited && (body.remaining ?? .max) <= ServerLimits.drainKeptBytes)
        if !isShort || server.isStopping { closes = true }
        if response.status != .noContent, response.status != .notModified {
            response.set("Content-Length", contentLength)
        }
        server.configuration.cors.mark(&response, answering: head)
        if closes {
            response.set("Connection", "close")
        } else if head.version == .http10 {
            response.set("Connection", "keep-alive")
        }
        response.set("X-Request-ID", id)
        if connection.listenerKind == .https, let seconds = server.configuration.strictTransportSeconds {
            response.set("Strict-Transport-Security", "max-age=\(seconds)")
        }
        return Exchange.serialized(response)
    }

    private func send(_ bytes: [UInt8]) async {
        // The work is done: a fence that comes only now must not end the connection, and a stop lets it be told.
        _ = watch.beginEpoch()
        watch.isSpared = true
        watch.clearInterruption()
        watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        do throws(TransportError) {
            try await connection.transport.write(bytes)
            bytesSent += Int64(bytes.count)
        } catch {
            isBroken = true
        }
    }

    private func discardRest() async -> Bool {
        watch.setDeadline(SystemClock.monotonicNanoseconds + WireLimits.drainClosingNanoseconds)
        var sliceStart = SystemClock.monotonicNanoseconds
        do throws(BodyFailure) {
            while !body.isAtEnd {
                if case .wouldBlock = try body.readNow(
                    into: connection.scratch.baseAddress!, count: connection.scratch.count)
                {
                    try await body.untilReadable()
                }
                await watch.yield(after: &sliceStart)
            }
            return true
        } catch {
            return false
        }
    }
}
