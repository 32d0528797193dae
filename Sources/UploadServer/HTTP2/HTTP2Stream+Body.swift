internal import HTTP
internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The request's body, as its handler reads it.
extension HTTP2Stream {
    var isAtEnd: Bool { isEnded && malformation == nil && queue.isEmpty && lentCount == 0 }

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

    /// A rate slows the body down: the client is let send ahead what is worth it, and no more.
    func slowDown(readsAtOnce bytes: Int) {
        let most = window.bound(to: 2 * bytes)
        connection.slowedBytes += most - slowedBytes
        slowedBytes = most
        let rest = queue.count - bytesAhead
        if rest > 0 { connection.session.take(0, rest) }
        bytesAhead = queue.count
    }

    /// Bytes have to wait here. Answers whether the connection's window is to be given back for them now.
    func givesAhead(_ count: Int) -> Bool {
        guard slowedBytes > 0 else { return false }
        bytesAhead += count
        return true
    }

    /// Of bytes that wait here no longer: for how many that was done.
    func takeAhead(_ count: Int) -> Int {
        let ahead = min(count, bytesAhead)
        bytesAhead -= ahead
        return ahead
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
