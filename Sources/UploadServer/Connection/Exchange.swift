internal import Access
internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Uploads
internal import Wire

/// One request and its one answer. Confined to its connection's loop.
final class Exchange {
    let head: RequestHead
    let body: any RequestBody
    /// Names this request in the log and to the client (`X-Request-ID`).
    let id = RequestID.next().description
    let connection: ConnectionContext
    /// Under one configuration from the beginning to the end.
    let server: ServerContext
    /// Where this request's task sleeps.
    let watch: Watch
    let channel: any ResponseChannel
    let startNanoseconds = SystemClock.monotonicNanoseconds

    /// Who sends the request; everybody, until `identify`.
    private(set) var principal = Principal.anybody
    /// What the addresses end with that its client is told.
    private(set) var addressSuffix = ""

    /// What the log says of this request beyond the usual.
    var uploadID: UploadID?
    var note: String?
    /// The rule by which it was refused, where that was one of access or a limit.
    private(set) var refusingRule: String?

    private(set) var answered: Status?
    private var bytesSent: Int64 = 0
    /// Of these, what the loop's counters know: a download is counted as it goes.
    private var bytesCounted: Int64 = 0
    private var closes: Bool
    private(set) var isBroken = false
    /// The final answer found the connection gone: the client has learned nothing by it.
    private(set) var isUntold = false
    /// What the request waits for, while that is no event of its connection's …
    var wait: UploadWait?
    /// … and when it gives up; SystemClock.monotonicNanoseconds.
    var waitEnd = Int64.max

    init(
        _ head: RequestHead, _ body: any RequestBody, on channel: any ResponseChannel, of connection: ConnectionContext,
        watch: Watch
    ) {
        self.head = head
        self.body = body
        self.channel = channel
        self.connection = connection
        self.watch = watch
        server = connection.server
        closes = !head.keepsAlive
    }

    /// Nothing more is read of this request once it is answered. A connection of HTTP/1.1 ends with that, whatever the
    /// client asked for; of HTTP/2 the stream does.
    func closeAfterwards() { closes = true }

    /// Answers with a whole body; a HEAD gets none. What every answer says is added (`AnswerHead`).
    func respond(_ response: consuming ResponseHead, body content: [UInt8] = []) async {
        await send(
            begin(response, contentLength: Int64(content.count)), head.sentMethod == .head ? [] : content, followed: 0)
    }

    /// Sends an informational answer (1xx) ahead of the final one.
    func inform(_ response: ResponseHead) async {
        precondition(response.status.isInformational && answered == nil, "the final answer comes last")
        guard !isBroken else { return }
        watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        do throws(TransportError) {
            try await channel.inform(response)
        } catch {
            isBroken = true
        }
    }

    /// Answers with an error whose code a program can rely on.
    func refuse(_ refusal: Refusal) async {
        note = refusal.code
        if LimitRules.all.contains(refusal.code) {
            refusingRule = refusal.code
            connection.counters.countLimit(refusal.code)
        }
        await respond(refusal.responseHead, body: refusal.bodyBytes)
    }

    /// The same for a request whose principal may not do that.
    func refuse(_ fault: AccessFault, _ refusal: Refusal) async {
        refusingRule = fault.rule
        connection.counters.countRefusal(fault.rule)
        await refuse(refusal)
    }

    /// Its principal asks for what is somebody else's: it is answered as one who asks for nothing there is, and what it
    /// tried is written down.
    func noteStranger() {
        if refusingRule == nil { connection.counters.countRefusal(AccessFault.ownerRule) }
        refusingRule = AccessFault.ownerRule
    }

    /// Finds out who sends the request.
    func identify() async throws {
        if server.configuration.access.isOpen { return }
        let (principal, credential) = try await connection.credentials.identify(self)
        self.principal = principal
        addressSuffix = credential?.querySuffix ?? ""
    }

    /// Starts an answer whose content the caller sends with `sendFile`: exactly `contentLength` bytes, none to a HEAD.
    func startResponse(_ response: consuming ResponseHead, contentLength: Int64) async {
        let follows = head.sentMethod == .head ? 0 : contentLength
        await send(begin(response, contentLength: contentLength), [], followed: follows)
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
        channel.abort()
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
        guard !isBroken, answered != nil else {
            // Nothing was answered because the connection died under the request.
            channel.abandon()
            return false
        }
        return await channel.conclude(body, closes: closes)
    }

    private func begin(_ response: consuming ResponseHead, contentLength: Int64) -> AnswerHead {
        precondition(answered == nil, "a request is answered once")
        answered = response.status
        // What is left of a short body is read afterwards; a long one, or one that a client may never send because it
        // waits for a 100, ends the connection.
        let isShort = body.isAtEnd || (!body.isAwaited && (body.remaining ?? .max) <= ServerLimits.drainKeptBytes)
        if !isShort || server.isStopping { closes = true }
        server.configuration.cors.mark(&response, answering: head)
        return AnswerHead(
            response, id: id, contentLength: contentLength, server.answerFields, by: connection.listenerKind)
    }

    private func send(_ response: consuming AnswerHead, _ content: [UInt8], followed: Int64) async {
        // The work is done: a fence that comes only now must not end the connection, and a stop lets it be told.
        _ = watch.beginEpoch()
        watch.isSpared = true
        watch.clearInterruption()
        watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        do throws(TransportError) {
            bytesSent += Int64(
                try await channel.answer(
                    response, to: head, content: content, followed: followed, closes: closes))
        } catch {
            isBroken = true
            if case .interrupted = error { return }
            isUntold = true
        }
    }
}
