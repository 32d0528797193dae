internal import HTTP
internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The request's answer, as `Exchange` sends it.
extension HTTP2Stream: ResponseChannel {
    func inform(_ head: ResponseHead) async throws(TransportError) {
        try checkOpen()
        connection.session.inform(id, head)
        connection.stir()
    }

    func answer(
        _ head: consuming AnswerHead, to request: RequestHead, content: [UInt8], followed: Int64, closes: Bool
    ) async throws(TransportError) -> Int {
        if closes || followed > 0 { dropBody() }
        return try await send(head, content: content, followed: followed)
    }

    /// Sends a head and what content is at hand, and waits until that has been handed over. Answers how many bytes
    /// these are, uncompressed.
    func send(_ head: AnswerHead, content: [UInt8], followed: Int64) async throws(TransportError) -> Int {
        try checkOpen()
        self.content = content
        owed = followed
        isAnswerBegun = true
        let count = connection.session.answer(
            id, head.head, date: head.date, hasContent: !content.isEmpty || followed > 0)
        connection.stir()
        if followed > 0 { return count }
        while !isAnswered {
            try checkOpen()
            do throws(Interruption) { try await watch.untilWoken() } catch { throw .interrupted(error) }
        }
        self.content = []
        return count + content.count
    }

    /// Whether content of the answer is still to go out.
    var isAnswering: Bool { !isAnswered && !isClosed && (!content.isEmpty || owed > 0) }

    func beginContent() { connection.transport.boundUnsent(bytes: ServerLimits.unsentBytesMax) }

    func sendSome(from memory: UnsafeRawPointer, count: Int) throws(TransportError) -> Int {
        try checkOpen()
        offered = (memory, count)
        isAsked = false
        connection.session.resume(id)
        connection.flushForStream()
        let left = offered?.count ?? 0
        offered = nil
        return count - left
    }

    func untilRoom() async throws(TransportError) {
        do throws(Interruption) {
            while !isAsked, !isClosed { try await watch.untilWoken() }
            try watch.checkInterruption()
        } catch {
            throw .interrupted(error)
        }
        try checkOpen()
    }

    func endContent(behind count: Int) { owed = Int64(count) }

    var unconfirmedBytes: Int64 { connection.unconfirmedBytes }

    var isClientGone: Bool { isClosed || isCut }

    func abort() { isAborted = true }

    func keepBuffers(_ keeps: Bool) {
        if keeps == keepsBuffers { return }
        keepsBuffers = keeps
        connection.keepBuffers(keeps)
    }

    /// The connection's task reads, and makes such a client wait.
    var comesInCrumbs: Bool { false }

    func conclude(_ body: any RequestBody, closes: Bool) async -> Bool {
        if isEnded || isClosed { return false }
        if !closes, await body.discardRest(scratch: connection.context.scratch) { return false }
        // The answer counts although the request was not heard to its end (RFC 9113 8.1).
        end(.noError)
        return false
    }

    func abandon() { end(isAborted ? .internalError : .cancel) }

    private func end(_ code: ErrorCode) {
        if isClosed { return }
        connection.session.reset(id, code)
        connection.stir()
    }

    /// Nothing can be said on a stream that the client has reset, or whose connection is gone.
    private func checkOpen() throws(TransportError) {
        // A stream that ended in good order has said everything.
        if isClosed, !isAnswered { throw .system(.connectionReset) }
    }
}
