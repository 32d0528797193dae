internal import HTTP
internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The request's body, as its handler reads it.
extension HTTP2Stream {
    var isAtEnd: Bool { isEnded && malformation == nil && queue.isEmpty && lentCount == 0 }

    /// What a client has reset, or left with its connection, it will ask for anew.
    var isLost: Bool { isClosed || isCut }

    var isAwaited: Bool { owesContinue && !isEnded }

    func welcome() async throws(BodyFailure) {
        guard owesContinue else { return }
        owesContinue = false
        guard !isEnded, !isClosed else { return }
        connection.session.inform(id, ResponseHead(.continue))
        connection.stir()
    }

    func untilReadable() async throws(BodyFailure) {
        do throws(Interruption) {
            while !mayRead {
                try watch.checkInterruption()
                try await watch.untilWoken()
            }
            try watch.checkInterruptionButDeadline()
        } catch {
            throw .transport(.interrupted(error))
        }
    }

    private var mayRead: Bool {
        !queue.isEmpty || lentCount > 0 || isEnded || isCut || isClosed
    }

    func readNow(into memory: UnsafeMutableRawPointer, count: Int) throws(BodyFailure) -> BodyRead {
        if !queue.isEmpty {
            let moved = queue.move(to: memory, count: count)
            received += Int64(moved)
            connection.took(self, moved, wereHeld: true)
            return .bytes(moved)
        }
        if let malformation { throw .malformed(malformation) }
        if isEnded { return .end }
        // The stream's own end comes first: what was reset was reset on purpose.
        if isClosed { throw .transport(.system(.connectionReset)) }
        if isCut { throw .cutShort }
        return .wouldBlock
    }

    /// A rate slows the body down: the client is let send ahead what is worth it, as far as all that such streams are
    /// sent can be held, and no more.
    func slowDown(readsAtOnce bytes: Int) {
        let room = ServerLimits.heldBytesSlowedMax - connection.slowedBytes + slowedBytes
        let size = window.bound(to: min(2 * bytes, HTTP2Limits.streamWindowBytes + max(0, room)))
        if let size, !isClosed { connection.resize(self, size) }
        isSlowed = true
        let beyond = max(0, window.most - HTTP2Limits.streamWindowBytes)
        connection.slowedBytes += beyond - slowedBytes
        slowedBytes = beyond
        let rest = queue.count - bytesAhead
        if rest > 0 { connection.session.take(0, rest) }
        count(ahead: rest)
    }

    private func count(ahead bytes: Int) {
        bytesAhead += bytes
        connection.aheadBytes += bytes
    }

    /// Bytes have to wait here. Answers whether the connection's window is to be given back for them now: where all
    /// that may come can be held, whatever other streams bring.
    func givesAhead(_ count: Int) -> Bool {
        guard isSlowed || window.size <= HTTP2Limits.streamWindowBytes else { return false }
        self.count(ahead: count)
        return true
    }

    /// Of bytes that wait here no longer: for how many that was done.
    func takeAhead(_ count: Int) -> Int {
        let ahead = min(count, bytesAhead)
        self.count(ahead: -ahead)
        return ahead
    }

    var pressingBytes: Int { connection.isPressed ? queue.count : 0 }

    func stop(_ count: Int) {
        window.stop(count)
        if isClosed { return }
        let due = window.due(0)
        if due > 0 { connection.session.takeOfStream(id, due) }
        if connection.session.outboundFrames > 0 { connection.stir() }
    }

    func lend(_ memory: UnsafeMutableRawPointer, count: Int) {
        lentMemory = memory
        lentRoom = count
        connection.lender = self
    }

    func takeBack() -> Int {
        let count = lentCount
        lentMemory = nil
        lentCount = 0
        if connection.lender === self { connection.lender = nil }
        received += Int64(count)
        return count
    }
}
