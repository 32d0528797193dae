internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// Bytes in, as long as there is room for what they bring; bytes out, as far as the socket takes them.
extension HTTP2Connection {
    /// Whether more bytes may be taken in: not while many wait here, or while the client does not read what it is told.
    var mayRead: Bool {
        if end.stage >= .left || session.outboundFrames >= HTTP2Limits.outboundFramesMax { return false }
        if heldBytes >= ServerLimits.heldBytesMax || !isOverdue && holdsMuch { return false }
        return heldBytes == 0 || server.heldBytes.mayGrow
    }

    /// Whether the connection is not read for want of memory for what its streams bring.
    var isPressed: Bool { heldBytes >= ServerLimits.heldBytesMax || heldBytes > 0 && !server.heldBytes.mayGrow }

    /// Whether more waits than pays for who will take it soon.
    var holdsMuch: Bool {
        let usual = streams.count > 1 ? HTTP2Limits.connectionWindowBytes : ServerLimits.heldBytesAlone
        return heldBytes - aheadBytes >= usual
    }

    /// How much is read at once. While everybody's memory is used up, who holds none of it reads a little: what is said
    /// about answers has to be heard, and each of thousands may bring no more than that.
    private var roomToRead: Int {
        let most = context.scratch.count
        if server.heldBytes.mayGrow || lender?.lentSpace != nil { return most }
        return min(most, ServerLimits.heldBytesPressed)
    }

    /// Reads what is there, once: as much as the loop's scratch memory holds. Answers false where nothing was.
    func read() throws(TransportError) -> Bool {
        guard mayRead else { return false }
        defer { tellArrivals() }
        let start = roomToRead
        var room = start
        do throws(TransportError) {
            var frameByFrame = true
            while frameByFrame, room > 0 {
                let memory: UnsafeMutableRawBufferPointer
                (memory, frameByFrame) = landing(room)
                switch try transport.readNow(into: memory.baseAddress!, count: memory.count) {
                case .wouldBlock: return room < start
                case .bytes(let count):
                    take(UnsafeRawBufferPointer(rebasing: memory[..<count]))
                    room -= count
                    if transport.comesInCrumbs { return true }
                case .endOfStream:
                    hear(.endOfInput)
                    return true
                }
            }
        } catch {
            guard case .truncated = error else { throw error }
            hear(.endOfInput)
        }
        return true
    }

    /// Where bytes are read to: where a stream wants its content, if most of them will be that. What is something else
    /// is taken out, and what stands behind it moves up, while it is still in the processor's cache: that costs less
    /// than a copy of every byte from the loop's scratch memory to there.
    ///
    /// Where the encryption has the bytes already, a read of a few costs no system call: then the content of a large
    /// frame is read to where it belongs and no further, then the next frame's head, and nothing moves.
    private func landing(_ room: Int) -> (UnsafeMutableRawBufferPointer, frameByFrame: Bool) {
        let scratch = context.scratch
        if let lender, let space = lender.lentSpace {
            let straight = transport.isEncrypted ? session.straightBytes(of: lender.id) : nil
            let count = straight ?? scratch.count
            return (UnsafeMutableRawBufferPointer(rebasing: space.prefix(min(count, room))), straight != nil)
        }
        if streams.count > 1 { return (UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(room)), false) }
        // The only stream is about to lend some.
        let count = min(room, ServerLimits.heldBytesSoon)
        return (UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(count)), false)
    }

    func feed(_ bytes: UnsafeRawBufferPointer) {
        take(bytes)
        tellArrivals()
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        // Bytes that bring nothing to it are no reason to go on reading as little as it has room for, unless they
        // begin what does.
        let last = lender.take()
        do throws(SessionFailure) {
            try session.receive(bytes, now: SystemClock.monotonicNanoseconds)
        } catch {
            fail(error)
        }
        if lender == nil, let last, session.isInContent(of: last.id) { lender = last }
    }

    /// Streams hear of what a read has brought them.
    private func tellArrivals() {
        for stream in touched { stream.arrived() }
        touched.removeAll(keepingCapacity: true)
        if unwanted > 0 {
            session.take(0, unwanted)
            unwanted = 0
        }
    }

    private func fail(_ failure: SessionFailure) {
        if end.stage < .failed { output += session.farewell(failure) }
        hear(.failed, failure.reason)
    }

    /// Sends what there is to send, as far as the socket takes it. Never waits.
    func flush() throws(TransportError) {
        isStirred = false
        while true {
            while outputStart < output.count {
                let start = outputStart
                let moved: Result<Int, TransportError> = output.withUnsafeBytes { bytes in
                    Result { () throws(TransportError) in
                        try transport.writeSome(from: bytes.baseAddress! + start, count: bytes.count - start)
                    }
                }
                let count = try moved.get()
                if count == 0 { return block() }
                isBlocked = false
                outputStart += count
            }
            output.removeAll(keepingCapacity: true)
            outputStart = 0
            gather()
            if output.isEmpty { return }
        }
    }

    /// Sends what there is to send, and finds out whether anybody is there: a client's system answers what comes for
    /// who has gone. For before much is done for the client.
    func reach() throws(TransportError) {
        try flush()
        if transport.isGone { throw .system(.connectionReset) }
    }

    /// The client does not read: not for longer than it may take with an answer.
    private func block() {
        if !isBlocked { outputEnd = SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds }
        isBlocked = true
    }

    func gather() {
        if end.stage >= .failed { return }
        do throws(SessionFailure) {
            while output.count < HTTP2Limits.writeBytes, let bytes = try session.nextOutput() { output += bytes }
        } catch {
            fail(error)
        }
    }

    /// The same for a stream whose content goes out while its task runs; what goes wrong is the connection's task's to
    /// notice.
    func flushForStream() {
        guard end.stage != .broken else { return }
        do throws(TransportError) { try flush() } catch { stir() }
    }

    /// Bytes that were handed over and that the client's system has not confirmed.
    var unconfirmedBytes: Int64 { transport.unconfirmedBytes + Int64(output.count - outputStart) }
}
