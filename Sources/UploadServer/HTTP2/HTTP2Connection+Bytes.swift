internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// Bytes in, as long as there is room for what they bring; bytes out, as far as the socket takes them.
extension HTTP2Connection {
    /// Whether more bytes may be taken in: not while many wait here, or while the client does not read what it is told.
    var mayRead: Bool {
        if isDeaf || session.outboundFrames >= HTTP2Limits.outboundFramesMax { return false }
        let heldMax = streams.count > 1 ? HTTP2Limits.connectionWindowBytes : ServerLimits.heldBytesAlone
        if heldBytes >= max(heldMax, min(slowedBytes, ServerLimits.heldBytesSlowedMax)) { return false }
        return heldBytes == 0 || server.heldBytes.mayGrow
    }

    /// Reads what is there, once. Answers false where nothing was.
    func read() throws(TransportError) -> Bool {
        guard mayRead else { return false }
        let memory = landing
        do throws(TransportError) {
            switch try transport.readNow(into: memory.baseAddress!, count: memory.count) {
            case .wouldBlock: return false
            case .bytes(let count): feed(UnsafeRawBufferPointer(rebasing: memory[..<count]))
            case .endOfStream: leave()
            }
        } catch {
            guard case .truncated = error else { throw error }
            leave()
        }
        return true
    }

    /// Where bytes are read to: where a stream wants its content, if most of them will be that. What is something else
    /// is taken out, and what stands behind it moves up, while it is still in the processor's cache: that costs little,
    /// and spares a copy of every byte from the loop's scratch memory to there.
    private var landing: UnsafeMutableRawBufferPointer {
        let scratch = context.scratch
        if let space = lender?.lentSpace {
            return UnsafeMutableRawBufferPointer(rebasing: space.prefix(scratch.count))
        }
        if streams.count > 1 { return scratch }
        // The only stream is about to lend some.
        return UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(ServerLimits.heldBytesSoon))
    }

    /// The client sends nothing more: bodies that are not whole never will be.
    func leave() {
        isDeaf = true
        for stream in streams.values { stream.cut() }
    }

    func feed(_ bytes: UnsafeRawBufferPointer) {
        // Bytes that bring nothing to it are no reason to go on reading as little as it has room for.
        lender = nil
        do throws(SessionFailure) {
            try session.receive(bytes, now: SystemClock.monotonicNanoseconds)
        } catch {
            fail(error)
        }
        for stream in touched { stream.arrived() }
        touched.removeAll(keepingCapacity: true)
        if unwanted > 0 {
            session.take(0, unwanted)
            unwanted = 0
        }
    }

    func fail(_ failure: SessionFailure) {
        isFailed = true
        output += session.farewell(failure)
        giveUp(failure.reason)
    }

    /// The client has broken the rules: nothing that it sends counts any more.
    ///
    /// - Parameter reason: nil where it has only said good-bye.
    func giveUp(_ reason: String?) {
        if let reason { server.log.connectionFailed(peer: context.peer, reason) }
        isDeaf = true
        isGivenUp = true
        for stream in streams.values { stream.lost() }
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

    /// The client does not read: not for longer than it may take with an answer.
    private func block() {
        if !isBlocked { outputEnd = SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds }
        isBlocked = true
    }

    func gather() {
        if isFailed { return }
        do throws(SessionFailure) {
            while output.count < HTTP2Limits.writeBytes, let bytes = try session.nextOutput() { output += bytes }
        } catch {
            fail(error)
        }
    }

    /// The same for a stream whose content goes out while its task runs; what goes wrong is the connection's task's to
    /// notice.
    func flushForStream() {
        guard !isBroken else { return }
        do throws(TransportError) { try flush() } catch { stir() }
    }

    /// Bytes that were handed over and that the client's system has not confirmed.
    var unconfirmedBytes: Int64 { transport.unconfirmedBytes + Int64(output.count - outputStart) }
}
