public import LinuxSystem
public import Reactor
public import TLS

/// The byte stream of one connection, plain or through TLS, as its task sees it. Confined to the connection's loop.
public final class Transport {
    /// Where the connection's task sleeps.
    public let watch: Watch
    private let socket: Socket
    private var session: TLSSession?
    /// The TLS session must write before it can read on, or read before it can write on (a key update).
    private var readingWaitsForWriting = false
    private var writingWaitsForReading = false
    /// Set once the TLS session failed: nothing more may be sent through it.
    private var isBroken = false

    /// - Parameter watch: watches the socket's descriptor; its owner ends it before this value goes.
    public init(socket: consuming Socket, watch: Watch, tls: TLSContext?) throws(TransportError) {
        self.watch = watch
        if let tls {
            do throws(TLSError) {
                session = try TLSSession(server: tls, descriptor: socket.descriptor.rawValue)
            } catch {
                throw .tls(error)
            }
        } else {
            session = nil
        }
        self.socket = socket
    }

    /// The client's end of a connection that is already made.
    ///
    /// - Parameter serverName: whom the certificate must name, where the context verifies.
    public init(
        socket: consuming Socket, watch: Watch, client: TLSContext?, serverName: String
    ) throws(TransportError) {
        self.watch = watch
        if let client {
            do throws(TLSError) {
                session = try TLSSession(
                    client: client, descriptor: socket.descriptor.rawValue, serverName: serverName)
            } catch {
                throw .tls(error)
            }
        } else {
            session = nil
        }
        self.socket = socket
    }

    /// Whether a ticket of an earlier session has saved the key exchange with certificates.
    public var wasResumed: Bool { session?.wasResumed ?? false }

    /// Goes on through TLS, as a client, on a connection that has been plain so far (a proxy's tunnel); the handshake
    /// follows.
    public func beginTLS(client: TLSContext, serverName: String) throws(TransportError) {
        precondition(session == nil, "TLS begins once")
        do throws(TLSError) {
            session = try TLSSession(client: client, descriptor: socket.descriptor.rawValue, serverName: serverName)
        } catch {
            throw .tls(error)
        }
    }

    /// The socket's number, for ending the watch.
    public var descriptor: Int32 { socket.descriptor.rawValue }

    /// Who the client is by its certificate, where it was asked for one and has shown one that is believed. From the
    /// end of the handshake on.
    public private(set) var clientCertificate: ClientCertificate?

    /// Whether the bytes are encrypted on the wire.
    public var isEncrypted: Bool { session != nil }

    /// The ALPN name that both sides agreed on, after the handshake; nil when there is none.
    public var applicationProtocol: String? { session?.applicationProtocol }

    /// Completes the TLS handshake; at once on a plain connection.
    public func handshake() async throws(TransportError) {
        guard session != nil else { return }
        while true {
            // Each step may be a millisecond's arithmetic, and a thousand clients may ask for it at once.
            await watch.yield()
            let progress: TLSProgress
            do throws(TLSError) {
                progress = try session!.handshake()
            } catch {
                isBroken = true
                throw .tls(error)
            }
            switch progress {
            case .done:
                clientCertificate = session?.clientCertificate
                return
            case .wantsRead: try await untilReadable(exhausted: true)
            case .wantsWrite: try await untilWritable()
            }
        }
    }

    /// Whether a read would find bytes without waiting for the network.
    public var mayRead: Bool { watch.isReadable || (session?.hasBufferedInput ?? false) }

    /// Whether the encryption's own buffers stay when they are empty: for while many bytes flow. Set back, the memory
    /// that a sleeping connection holds is small.
    public func keepBuffers(_ keeps: Bool) { session?.keepBuffers(keeps) }

    /// Whether the bytes come wrapped so small that opening them costs more than they bring: who sends like that may be
    /// made to wait.
    public var comesInCrumbs: Bool { session?.comesInCrumbs ?? false }

    /// Sleeps until a read may find something; not at all, deadline or not, if it would now.
    public func untilReadable() async throws(TransportError) {
        if readingWaitsForWriting {
            readingWaitsForWriting = false
            do throws(Interruption) { try await watch.untilWritable() } catch { throw .interrupted(error) }
        } else if !mayRead {
            try await untilReadable(exhausted: false)
        }
        do throws(Interruption) {
            try watch.checkInterruptionButDeadline()
        } catch {
            throw .interrupted(error)
        }
    }

    /// Reads what is there, up to `count` bytes, straight into `memory`. Never waits.
    public func readNow(into memory: UnsafeMutableRawPointer, count: Int) throws(TransportError) -> IOResult {
        guard mayRead else { return .wouldBlock }
        let result = session == nil ? try readPlain(memory, count) : try readEncrypted(memory, count)
        // A read that came up short emptied the socket; edge-triggered epoll tells when there is more. Not so once the
        // peer has closed: that edge has passed, and the end of the stream is still to be read.
        // Nor once there was an urgent byte, at which a read stops.
        // The encryption may stop early, and knows whether it has emptied the socket.
        let mayBeMore = !(session?.isDrained ?? true)
        switch result {
        case .bytes(let moved) where moved < count && watch.isShortReadLast && !mayBeMore: watch.exhaustedReading()
        case .wouldBlock where !mayBeMore: watch.exhaustedReading()
        default: break
        }
        return result
    }

    /// Sends all of `bytes`. Interrupted in the middle of them, the connection takes no more: what is written after
    /// that throws `truncated`.
    public func write(_ bytes: [UInt8]) async throws(TransportError) {
        var done = 0
        while done < bytes.count {
            let start = done
            let step: Result<IOResult, TransportError> = bytes.withUnsafeBytes { raw in
                Result { () throws(TransportError) in try writeNow(raw.baseAddress! + start, raw.count - start) }
            }
            do throws(TransportError) { done += try await moved(step.get()) } catch {
                cut(after: done)
                throw error
            }
        }
    }

    /// Sends `count` bytes from memory that stays valid until this returns.
    public func write(from memory: UnsafeRawPointer, count: Int) async throws(TransportError) {
        var done = 0
        while done < count {
            do throws(TransportError) { done += try await moved(writeNow(memory + done, count - done)) } catch {
                cut(after: done)
                throw error
            }
        }
    }

    /// Sends what the socket takes now, at most `count` bytes; 0 when it takes none. Never waits. The next call must go
    /// on where this one stopped, with no fewer bytes than were left over.
    public func writeSome(from memory: UnsafeRawPointer, count: Int) throws(TransportError) -> Int {
        guard case .bytes(let moved) = try writeNow(memory, count) else {
            if !writingWaitsForReading { watch.exhaustedWriting() }
            return 0
        }
        return moved
    }

    /// Sleeps, after `writeSome` took nothing, until the socket takes bytes again.
    public func untilRoom() async throws(TransportError) {
        do throws(Interruption) {
            if writingWaitsForReading {
                writingWaitsForReading = false
                watch.exhaustedReading()
                try await watch.untilReadable()
            } else {
                try await watch.untilWritable()
            }
        } catch {
            throw .interrupted(error)
        }
    }

    /// Whether the connection is known to have broken off: for who closes it then, since nothing else tells of it any
    /// more. A peer that has closed its side alone still reads.
    public var isGone: Bool { socket.pendingError() != nil }

    /// Bytes that were written and that the peer's system has not confirmed yet, on the wire's count.
    public var unconfirmedBytes: Int64 { Int64(socket.unconfirmedBytes) }

    /// Bytes that have come and were not read from the system yet, on the wire's count.
    public var unreadBytes: Int64 { Int64(socket.unreadBytes) }

    /// From here on the socket takes no more than about so many bytes ahead of what the network carries.
    public func boundUnsent(bytes: Int32) { socket.boundUnsent(bytes: bytes) }

    /// Sleeps, after `writeSome` took nothing, until the socket takes bytes again or a read may find something: a
    /// client must see an answer that comes before it has sent everything.
    public func untilWritableOrReadable() async throws(TransportError) {
        let waitsForReading = writingWaitsForReading
        writingWaitsForReading = false
        do throws(Interruption) {
            while !mayRead, waitsForReading || !watch.isWritable { try await watch.untilWoken() }
            try watch.checkInterruption()
        } catch {
            throw .interrupted(error)
        }
    }

    /// Sleeps until there is something to do, for who does more than one thing: until a read may find something, until
    /// the socket takes bytes, or until somebody wakes the task, which may be for nothing.
    ///
    /// - Parameters:
    ///   - reads: whether bytes that come are waited for.
    ///   - writes: whether room is, after `writeSome` took nothing.
    public func untilStirred(reads: Bool, writes: Bool) async throws(TransportError) {
        let (readingWaits, writingWaits) = (readingWaitsForWriting, writingWaitsForReading)
        readingWaitsForWriting = false
        writingWaitsForReading = false
        do throws(Interruption) {
            try watch.checkInterruptionButDeadline()
            if reads, mayRead { return }
            if writes, writingWaits ? mayRead : watch.isWritable { return }
            if readingWaits, watch.isWritable { return }
            try await watch.untilWoken()
        } catch {
            throw .interrupted(error)
        }
    }

    /// Says good-bye so that the peer can read the last answer: closes the sending side, then reads and drops what
    /// still comes, within bounds (RFC 9112 section 9.6). The connection is to be closed afterwards. `scratch` is
    /// `scratchBytes` of memory for what is dropped.
    ///
    /// - Parameters:
    ///   - draining: whether more may come; it is looked for if it is known to be there, too.
    ///   - nanoseconds: how long at most …
    ///   - hurriedNanoseconds: … and how long from the first interruption on.
    public func closeGently(
        draining: Bool, scratch: UnsafeMutableRawPointer, scratchBytes: Int,
        nanoseconds: Int64 = WireLimits.drainClosingNanoseconds,
        hurriedNanoseconds: Int64 = WireLimits.hurriedClosingNanoseconds
    ) async {
        if !isBroken { session?.closeNotify() }
        // Where nothing comes any more, closing says as much.
        guard draining || mayRead else { return }
        socket.shutdownWriting()
        watch.clearInterruption()
        let end = SystemClock.monotonicNanoseconds + nanoseconds
        watch.setDeadline(end)
        var isHurried = false
        var left = WireLimits.drainClosingBytes
        while left > 0 {
            do throws(Interruption) {
                // Below TLS: nobody will look at the bytes, so nobody needs to decrypt them.
                guard let result = try? socket.receive(into: scratch, count: scratchBytes) else { return }
                switch result {
                case .bytes(let count):
                    left -= Int64(count)
                    await watch.yield()
                    try watch.checkInterruption()
                case .endOfStream: return
                case .wouldBlock:
                    watch.exhaustedReading()
                    try await watch.untilReadable()
                }
            } catch {
                if error == .timedOut || isHurried { return }
                isHurried = true
                watch.clearInterruption()
                watch.setDeadline(min(end, SystemClock.monotonicNanoseconds + hurriedNanoseconds))
            }
        }
    }

    /// Makes the closing of the connection a reset.
    public func abort() { socket.resetOnClose() }

    private func readPlain(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(TransportError) -> IOResult {
        do throws(Errno) { return try socket.receive(into: memory, count: count) } catch { throw .system(error) }
    }

    private func readEncrypted(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(TransportError) -> IOResult {
        let result: TLSReadResult
        do throws(TLSError) {
            result = try session!.read(into: memory, count: count)
        } catch {
            isBroken = true
            throw .tls(error)
        }
        switch result {
        case .bytes(let moved): return .bytes(moved)
        case .wantsRead: return .wouldBlock
        case .wantsWrite:
            // Noted at once: the socket may take bytes again before anybody waits for that.
            readingWaitsForWriting = true
            watch.exhaustedWriting()
            return .wouldBlock
        case .endOfStream: return .endOfStream
        case .truncated: throw .truncated
        }
    }

    private func writeNow(_ memory: UnsafeRawPointer, _ count: Int) throws(TransportError) -> IOResult {
        if isBroken { throw .truncated }
        guard session != nil else {
            do throws(Errno) { return try socket.send(from: memory, count: count) } catch { throw .system(error) }
        }
        do throws(TLSError) {
            switch try session!.write(from: memory, count: count) {
            case .bytes(let moved): return .bytes(moved)
            case .wantsWrite: return .wouldBlock
            case .wantsRead:
                writingWaitsForReading = true
                return .wouldBlock
            }
        } catch {
            isBroken = true
            throw .tls(error)
        }
    }

    /// A message has ended in the middle: whatever came behind it would be taken for the rest of it. Encryption may
    /// hold a part of it also where nothing was taken.
    private func cut(after done: Int) {
        if done > 0 || session != nil { isBroken = true }
    }

    private func moved(_ result: IOResult) async throws(TransportError) -> Int {
        if case .bytes(let count) = result { return count }
        if writingWaitsForReading {
            writingWaitsForReading = false
            try await untilReadable(exhausted: true)
        } else {
            try await untilWritable()
        }
        return 0
    }

    private func untilReadable(exhausted: Bool) async throws(TransportError) {
        if exhausted { watch.exhaustedReading() }
        do throws(Interruption) { try await watch.untilReadable() } catch { throw .interrupted(error) }
    }

    private func untilWritable() async throws(TransportError) {
        watch.exhaustedWriting()
        do throws(Interruption) { try await watch.untilWritable() } catch { throw .interrupted(error) }
    }
}
