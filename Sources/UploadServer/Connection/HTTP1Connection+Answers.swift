internal import HTTP
internal import Reactor
internal import Wire

extension HTTP1Connection: ResponseChannel {
    func inform(_ head: ResponseHead) async throws(TransportError) {
        var bytes: [UInt8] = []
        head.write(into: &bytes, date: nil)
        try await transport.write(bytes)
    }

    func answer(
        _ head: consuming AnswerHead, to request: RequestHead, content: [UInt8], followed: Int64, closes: Bool
    ) async throws(TransportError) -> Int {
        if closes {
            head.setConnection("close")
        } else if request.version == .http10 {
            head.setConnection("keep-alive")
        }
        var bytes = head.bytes
        bytes += content
        try await transport.write(bytes)
        return bytes.count
    }

    func beginContent() { transport.boundUnsent(bytes: ServerLimits.unsentBytesMax) }

    func sendSome(from memory: UnsafeRawPointer, count: Int) throws(TransportError) -> Int {
        try transport.writeSome(from: memory, count: count)
    }

    func untilRoom() async throws(TransportError) { try await transport.untilRoom() }

    /// The connection ends with it, which says as much.
    func endContent(behind count: Int) {}

    var unconfirmedBytes: Int64 { transport.unconfirmedBytes }

    var isClientGone: Bool { transport.watch.isPeerClosed }

    func abort() { transport.abort() }

    func keepBuffers(_ keeps: Bool) { transport.keepBuffers(keeps) }

    /// What is not read waits in the system, and nobody behind it.
    func slowDown(readsAtOnce bytes: Int) {}

    var comesInCrumbs: Bool { transport.comesInCrumbs }

    func conclude(_ body: any RequestBody, closes: Bool) async -> Bool {
        if !closes {
            transport.watch.isSpared = false
            if await body.discardRest(scratch: context.scratch) { return true }
            if !context.server.isStopping { return false }
        }
        await closeGently(draining: !body.isAtEnd || hasInput)
        return false
    }

    func abandon() {}
}
