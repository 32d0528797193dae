internal import Access
internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Uploads
internal import Wire

/// One request and its one answer. Confined to its connection's loop.
final class Exchange: Occupation {
    let head: RequestHead
    let body: any RequestBody
    /// Names this request in the log and to the client (`X-Request-ID`), …
    let id: String
    /// … and to the store.
    let number: UInt64
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

    /// Which dialect serves it; nil until one has recognised it.
    var dialect: DialectName?

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
    /// Nothing is to be answered, since nobody would read it.
    private var isLeftUnanswered = false
    /// Bytes of the answer's content that were promised and not sent yet.
    private var contentOwed: Int64 = 0
    /// Whether that was said.
    private var isMeasured = false
    /// Whether content comes piece by piece, and no one knows how much.
    private(set) var isStreaming = false
    private var hasEndedStream = false
    /// The final answer found the connection gone: the client has learned nothing by it.
    private(set) var isUntold = false
    /// Why an application that was asked about it, or about who sends it, has said nothing that counts; for the log.
    var unansweredReason: String?
    /// What the request waits for, while that is no event of its connection's …
    var wait: UploadWait?
    /// … and when it gives up; SystemClock.monotonicNanoseconds.
    var waitEnd = Int64.max

    init(
        _ head: RequestHead, _ body: any RequestBody, on channel: any ResponseChannel, of connection: ConnectionContext,
        watch: Watch
    ) {
        let id = RequestID.next()
        (self.id, number) = (id.description, id.value)
        self.head = head
        self.body = body
        self.channel = channel
        self.connection = connection
        self.watch = watch
        server = connection.server
        closes = !head.keepsAlive
    }

    /// Where its sender says that it belongs; nil where that is not said, or not in a form that may be believed.
    var trace: TraceParent? { head.fields.text(.traceParent).flatMap { TraceParent($0) } }

    /// Nothing more is read of this request once it is answered. A connection of HTTP/1.1 ends with that, whatever the
    /// client asked for; of HTTP/2 the stream does.
    func closeAfterwards() { closes = true }

    /// Answers with a whole body; a HEAD gets none. What every answer says is added (`AnswerHead`).
    func respond(_ response: consuming ResponseHead, body content: [UInt8] = []) async {
        guard await mayAnswer(response, contentLength: Int64(content.count)) else { return }
        await send(
            begin(response, contentLength: Int64(content.count)), head.sentMethod == .head ? [] : content, followed: 0)
    }

    /// Sends an informational answer (1xx) ahead of the final one.
    func inform(_ response: ResponseHead) async {
        if let fault = fault(ofInterim: response) { return await fail(fault) }
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
        guard refusal.status.isRefusal else { return await fail(HandlerFault.refusedWith(refusal.status)) }
        note = refusal.code
        if LimitRules.all.contains(refusal.code) {
            refusingRule = refusal.code
            connection.counters.countLimit(refusal.code)
        } else if AccessFault.siteRules.contains(refusal.code) {
            refusingRule = refusal.code
            connection.counters.countRefusal(refusal.code)
        }
        await respond(refusal.responseHead, body: refusal.bodyBytes)
    }

    /// The same for a request whose principal may not do that.
    func refuse(_ fault: AccessFault, _ refusal: Refusal) async {
        refusingRule = fault.rule
        connection.counters.countRefusal(fault.rule)
        await refuse(refusal)
    }

    /// Ends a request whose handler has failed in a way that no client is told of.
    func fail(_ fault: any Error) async {
        report(fault)
        if answered == nil { await refuse(Exchange.internalTrouble) }
    }

    /// The connection is to end without an answer, which nobody would read.
    ///
    /// - Parameter note: what the log says.
    func leaveUnanswered(_ note: String) {
        self.note = note
        isLeftUnanswered = true
    }

    /// Whether it has an answer, or is to have none.
    var isSettled: Bool { answered != nil || isBroken || isLeftUnanswered }

    /// Its principal asks for what is somebody else's: it is answered as one who asks for nothing there is, and what it
    /// tried is written down.
    func noteStranger() {
        if refusingRule == nil { connection.counters.countRefusal(AccessFault.ownerRule) }
        refusingRule = AccessFault.ownerRule
    }

    /// Finds out who sends the request.
    ///
    /// - Parameter latest: what is to be gone by where that is not what the request began with.
    func identify(by latest: ServerContext? = nil) async throws {
        let server = latest ?? server
        if server.configuration.access.isOpen { return }
        take(try await connection.credentials.identify(self, by: server))
    }

    /// The same without a wait, by what is known already; false where that does not suffice.
    func recall() throws -> Bool {
        if server.configuration.access.isOpen { return true }
        guard let known = try connection.credentials.recall(self, by: server) else { return false }
        take(known)
        return true
    }

    private func take(_ found: (principal: Principal, credential: Credential?)) {
        principal = found.principal
        addressSuffix = found.credential?.querySuffix ?? ""
    }

    /// The way by which the request has come says that it is from who looks after the server.
    func oversee() { principal = .overseer }

    /// Starts an answer whose content comes piece by piece (`stream`), and ends where the connection does. To be ended
    /// by `endStream`.
    func startStream(_ response: consuming ResponseHead) async {
        guard await mayAnswer(response, contentLength: .max) else { return }
        closes = true
        isStreaming = true
        await send(begin(response, contentLength: nil), [], followed: head.sentMethod == .head ? 0 : .max)
    }

    /// Says that nothing follows but so many bytes more.
    func endStream(behind count: Int) {
        hasEndedStream = true
        channel.endContent(behind: count)
    }

    /// Starts an answer whose content the caller sends with `sendFile`: exactly `contentLength` bytes, none to a HEAD.
    func startResponse(_ response: consuming ResponseHead, contentLength: Int64) async {
        guard await mayAnswer(response, contentLength: contentLength) else { return }
        let follows = head.sentMethod == .head ? 0 : contentLength
        contentOwed = follows
        isMeasured = true
        await send(begin(response, contentLength: contentLength), [], followed: follows)
    }

    /// Counts content that was handed to the connection: what memory can hold, whatever is said, so that no sum of it
    /// ends the process.
    func countSent(_ count: Int) {
        let bytes = Int64(min(max(count, 0), ServerLimits.pieceBytesMax))
        bytesSent &+= bytes
        contentOwed &-= bytes
        connection.counters.add(.bytesSent, bytes)
        bytesCounted &+= bytes
    }

    /// The content cannot be completed: the client must see a broken connection, not a short file.
    func abortResponse() {
        isBroken = true
        channel.abort()
    }

    /// Ends the exchange: logs it, reads what is left of the body within a bound. Answers whether the connection may
    /// serve another request.
    func conclude() async -> Bool {
        if contentOwed > 0, !isBroken { report(HandlerFault.contentMissing) }
        // What stands behind its end is not taken for the next answer.
        if contentOwed < 0, isMeasured { report(HandlerFault.contentTooMuch) }
        if isStreaming, !hasEndedStream, !isBroken {
            report(HandlerFault.streamUnended)
            abortResponse()
        }
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

    /// Whether so many bytes may follow the head that was sent (`startResponse`). If not, that is the handler's fault,
    /// which is told here.
    func mayFollow(_ count: Int64) async -> Bool {
        if answered != nil, isMeasured, count >= 0, count <= contentOwed { return true }
        await fail(answered == nil ? HandlerFault.contentFirst : .contentTooMuch)
        return false
    }

    /// Whether a final answer may go out now. If not, that is the handler's fault, which is told here.
    private func mayAnswer(_ response: borrowing ResponseHead, contentLength: Int64) async -> Bool {
        guard let fault = fault(of: response, contentLength) else { return true }
        await fail(fault)
        return false
    }

    /// Has the log tell of a handler's fault. Nothing more is read of a connection that has seen one, and an answer
    /// that cannot come to its end is broken off, so that nobody takes it for whole.
    private func report(_ fault: any Error) {
        server.log.handlerFailed(self, fault)
        closes = true
        if answered != nil { note = Exchange.internalTrouble.code }
        if contentOwed > 0 { abortResponse() }
    }

    private static var internalTrouble: Refusal {
        Refusal(
            .internalServerError, code: "internal",
            "The server could not handle this request, and its log says why. What was told as stored is kept.")
    }

    private func begin(_ response: consuming ResponseHead, contentLength: Int64?) -> AnswerHead {
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
