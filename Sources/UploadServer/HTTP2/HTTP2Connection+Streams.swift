internal import HTTP
internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The streams of a connection, and what the session tells of them.
extension HTTP2Connection {
    /// Has something to send, or has made room for more to be read.
    func stir() {
        isPaused = false
        isStirred = true
        watch.wake()
    }

    /// Gives streams that have begun their tasks, so many at once, but for those that their client has reset already
    /// or left, with nothing to keep: they would cost more than it costs to ask for them. Answers whether others wait
    /// for their turn.
    func begin(on loop: isolated EventLoop) -> Bool {
        if newcomers.isEmpty { return false }
        context.countAsIdle(false)
        var (looked, begun) = (0, 0)
        while looked < newcomers.count, begun < ServerLimits.streamsBegunAtOnce {
            let stream = newcomers[looked]
            looked += 1
            if stream.isDeserted {
                stream.forgo()
            } else {
                stream.begin(on: loop)
                begun += 1
            }
        }
        if looked < newcomers.count {
            newcomers.removeFirst(looked)
            return true
        }
        newcomers.removeAll(keepingCapacity: true)
        return false
    }

    /// A stream's task has come to its end, or will never begin.
    func finished(_ stream: HTTP2Stream) {
        streams[stream.id] = nil
        headBytes -= stream.headBytes
        slowedBytes -= stream.slowedBytes
        stream.slowedBytes = 0
        context.counters.closedStreams.add(1)
        if streams.isEmpty {
            beginIdling()
            context.countAsIdle(true)
        }
        stir()
    }

    /// Bytes of a stream were taken to where the disk takes them: as many may follow.
    ///
    /// - Parameter wereHeld: whether they had to wait for that.
    func took(_ stream: HTTP2Stream, _ count: Int, wereHeld: Bool) {
        let now = SystemClock.monotonicNanoseconds
        let ahead = wereHeld ? stream.takeAhead(count) : 0
        giveBack(stream, count, ahead: ahead)
        if stream.needsRoom, let size = stream.window.took(count, keepsUp: stream.queue.isEmpty, now: now) {
            resize(stream, size)
            if let size = window.raise(to: size) { session.setWindow(0, size) }
        }
        if wereHeld { release(count) }
        let proof = max(1, streams.count) * HTTP2Limits.windowProofBytes
        if let size = window.took(count, keepsUp: heldBytes == aheadBytes, proof: proof, now: now) {
            session.setWindow(0, size)
        }
    }

    private func giveBack(_ stream: HTTP2Stream, _ count: Int, ahead: Int) {
        if stream.isClosed { return session.take(0, count - ahead) }
        let due = stream.window.due(count)
        if due == count, ahead == 0 { return session.take(stream.id, count) }
        if count > ahead { session.take(0, count - ahead) }
        if due > 0 { session.takeOfStream(stream.id, due) }
    }

    /// A stream's window has another size.
    func resize(_ stream: HTTP2Stream, _ size: Int) {
        session.setWindow(stream.id, size)
        // One that grows is given what it was not while it shrank.
        let due = stream.window.due(0)
        if due > 0 { session.takeOfStream(stream.id, due) }
    }

    /// Bytes of a stream will not be taken by anybody.
    ///
    /// - Parameter ahead: of how many the connection's window was given back already.
    func dropped(_ count: Int, ahead: Int) {
        guard count > 0 else { return }
        session.take(0, count - ahead)
        release(count)
    }

    /// Bytes wait here no longer.
    func release(_ count: Int) {
        hold(-count)
        isOverdue = false
        overdueLook = .max
        // Room may have been made by others in the meantime, who wake nobody but themselves.
        if isPaused && mayRead || session.outboundFrames > 0 { stir() }
    }

    func hold(_ count: Int) {
        heldBytes += count
        server.heldBytes.add(count)
    }

    /// A stream's body comes in floods, or does so no more.
    func keepBuffers(_ keeps: Bool) {
        floods += keeps ? 1 : -1
        transport.keepBuffers(floods > 0)
    }
}

extension HTTP2Connection: SessionEvents {
    func opened(_ stream: Int32, _ head: Result<RequestHead, HTTPParseError>, isWhole: Bool) {
        context.beginRequest()
        guard !streams.isEmpty else {
            return open(HTTP2Stream(stream, head, isWhole: isWhole, on: self, slot: nil))
        }
        // A few bytes may name a large head that the client has sent before.
        guard headBytes + HTTP2Stream.bytes(of: head) <= ServerLimits.streamHeadsBytesMax,
            let slot = context.slotOfStream()
        else {
            context.counters.add(.http2StreamsRefused)
            return session.refuse(stream)
        }
        open(HTTP2Stream(stream, head, isWhole: isWhole, on: self, slot: slot))
    }

    private func open(_ stream: HTTP2Stream) {
        context.counters.add(.http2Streams)
        streams[stream.id] = stream
        headBytes += stream.headBytes
        newcomers.append(stream)
    }

    func received(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let receiver = streams[stream], receiver.isListening else {
            unwanted += bytes.count
            return
        }
        let held = receiver.receive(bytes)
        if receiver.lentSpace != nil { lender = receiver }
        if held > 0 {
            hold(held)
            // What waits in a small window is bounded by that; the connection's is there for others.
            if receiver.givesAhead(held) { unwanted += held }
        }
        touch(receiver)
    }

    func ended(_ stream: Int32, _ trailers: Result<FieldSection, HTTPParseError>) {
        guard let receiver = streams[stream] else { return }
        receiver.end(trailers)
        touch(receiver)
    }

    func hasBrought(_ stream: Int32) -> Bool { streams[stream]?.hasBrought ?? true }

    func closed(_ stream: Int32, _ code: ErrorCode) { streams[stream]?.closed(code) }

    func answered(_ stream: Int32) { streams[stream]?.wasAnswered() }

    func content(of stream: Int32, into memory: UnsafeMutableRawPointer, count: Int) -> AnswerContent {
        streams[stream]?.content(into: memory, count: count) ?? .later
    }

    func ponged() { hear(.pong) }

    private func touch(_ stream: HTTP2Stream) {
        if stream.isTouched { return }
        stream.isTouched = true
        touched.append(stream)
    }
}
