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

    /// Gives the streams that have begun their tasks, but for those that their client has reset already: it would cost
    /// more than it costs to ask for.
    func begin(on loop: isolated EventLoop) {
        if newcomers.isEmpty { return }
        context.countAsIdle(false)
        for stream in newcomers {
            if stream.isReset { stream.forgo() } else { stream.begin(on: loop) }
        }
        newcomers.removeAll(keepingCapacity: true)
    }

    /// A stream's task has come to its end, or will never begin.
    func finished(_ stream: HTTP2Stream) {
        streams[stream.id] = nil
        slowedBytes -= stream.slowedBytes
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
        session.take(stream.isClosed ? 0 : stream.id, count - ahead)
        if ahead > 0, !stream.isClosed { session.takeOfStream(stream.id, ahead) }
        // Whoever slows a stream down has the rest of its connection waiting behind what it may send ahead.
        if stream.needsRoom, let size = stream.window.took(count, keepsUp: stream.queue.isEmpty, now: now) {
            session.setWindow(stream.id, size)
            if let size = window.raise(to: size * 2) { session.setWindow(0, size) }
        }
        if wereHeld { release(count) }
        if let size = window.took(count, keepsUp: heldBytes == 0, now: now) { session.setWindow(0, size) }
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
        guard let slot = context.slotOfStream() else {
            context.counters.add(.http2StreamsRefused)
            return session.refuse(stream)
        }
        open(HTTP2Stream(stream, head, isWhole: isWhole, on: self, slot: slot))
    }

    private func open(_ stream: HTTP2Stream) {
        context.counters.add(.http2Streams)
        streams[stream.id] = stream
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
            // What waits for a rate is bounded by the stream's window; the connection's is there for others.
            if receiver.givesAhead(held) { unwanted += held }
        }
        touch(receiver)
    }

    func ended(_ stream: Int32, _ trailers: Result<FieldSection, HTTPParseError>) {
        guard let receiver = streams[stream] else { return }
        receiver.end(trailers)
        touch(receiver)
    }

    func closed(_ stream: Int32, _ code: ErrorCode) { streams[stream]?.closed(code) }

    func answered(_ stream: Int32) { streams[stream]?.wasAnswered() }

    func content(of stream: Int32, into memory: UnsafeMutableRawPointer, count: Int) -> AnswerContent {
        streams[stream]?.content(into: memory, count: count) ?? .later
    }

    func ponged() { if ending == .announced { tellEnd() } }

    private func touch(_ stream: HTTP2Stream) {
        if stream.isTouched { return }
        stream.isTouched = true
        touched.append(stream)
    }
}
