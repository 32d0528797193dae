internal import LinuxSystem
internal import Reactor
internal import TLS

/// The client's end of one connection, plain or through TLS. Confined to its loop.
final class ClientStream {
    private let watch: Watch
    private let socket: Socket
    private var session: TLSSession?
    private let patience: Int64

    /// Connects and shakes hands.
    static func connect(_ plan: LoadPlan, on loop: isolated EventLoop) async throws(LoadError) -> ClientStream {
        let stream: ClientStream
        do throws(Errno) {
            let socket = try Socket.connecting(to: plan.url.address)
            let watch = try loop.watch(socket.descriptor.rawValue)
            stream = ClientStream(socket, watch, plan.patienceNanoseconds)
        } catch {
            throw LoadError("cannot connect to \(plan.url.address): \(error)")
        }
        do throws(LoadError) {
            try await stream.open(plan)
        } catch {
            stream.close(on: loop)
            throw error
        }
        return stream
    }

    private init(_ socket: consuming Socket, _ watch: Watch, _ patience: Int64) {
        self.socket = socket
        self.watch = watch
        self.patience = patience
        session = nil
    }

    /// Says good-bye and gives the watch back. The descriptor closes with this value.
    func close(on loop: isolated EventLoop) {
        session?.closeNotify()
        loop.end(watch, socket.descriptor.rawValue)
    }

    private func open(_ plan: LoadPlan) async throws(LoadError) {
        watch.exhaustedWriting()
        try await untilWritable()
        if let errno = socket.pendingError() { throw LoadError("cannot connect to \(plan.url.address): \(errno)") }
        guard let tls = plan.tls else { return }
        do {
            session = try TLSSession(
                client: tls, descriptor: socket.descriptor.rawValue, serverName: plan.url.address.host)
            while true {
                switch try session!.handshake() {
                case .done: return
                case .wantsRead:
                    watch.exhaustedReading()
                    try await untilReadable()
                case .wantsWrite: try await untilWritable()
                }
            }
        } catch let error as LoadError {
            throw error
        } catch {
            throw LoadError("\(error)")
        }
    }

    /// Whether a read may find something without waiting.
    var mayRead: Bool { watch.isReadable || session?.hasBufferedInput ?? false }

    /// Reads what is there. Never waits.
    func receive(into memory: UnsafeMutableRawPointer, count: Int) throws(LoadError) -> IOResult {
        guard mayRead else { return .wouldBlock }
        let result = session == nil ? try receivePlain(memory, count) : try receiveEncrypted(memory, count)
        switch result {
        case .bytes(let moved) where moved < count && !watch.isPeerClosed: watch.exhaustedReading()
        case .wouldBlock: watch.exhaustedReading()
        default: break
        }
        return result
    }

    /// Sends as much as the socket takes, at most `count` bytes. Never waits. The next call must go on where this one
    /// stopped.
    func send(from memory: UnsafeRawPointer, count: Int) throws(LoadError) -> IOResult {
        guard session == nil else { return try sendEncrypted(memory, count) }
        do throws(Errno) {
            return try socket.send(from: memory, count: count)
        } catch {
            throw LoadError("sending: \(error)")
        }
    }

    /// Sleeps until a read may find something.
    func untilReadable() async throws(LoadError) {
        if session?.hasBufferedInput ?? false { return }
        watch.setDeadline(SystemClock.monotonicNanoseconds + patience)
        do throws(Interruption) {
            try await watch.untilReadable()
        } catch {
            throw LoadError("nothing came for \(patience / 1_000_000_000) s")
        }
    }

    /// Sleeps until the socket takes bytes again.
    func untilWritable() async throws(LoadError) {
        watch.exhaustedWriting()
        watch.setDeadline(SystemClock.monotonicNanoseconds + patience)
        do throws(Interruption) {
            try await watch.untilWritable()
        } catch {
            throw LoadError("no byte was taken for \(patience / 1_000_000_000) s")
        }
    }

    /// Sleeps for a while, however much comes.
    func pause(nanoseconds: Int64) async {
        guard nanoseconds > 0 else { return }
        try? await watch.pause(nanoseconds: nanoseconds)
    }

    /// The connection may lie still from here on, without a deadline.
    func rest() { watch.setDeadline(.max) }

    private func receivePlain(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(LoadError) -> IOResult {
        do throws(Errno) {
            return try socket.receive(into: memory, count: count)
        } catch {
            throw LoadError("receiving: \(error)")
        }
    }

    private func receiveEncrypted(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(LoadError) -> IOResult {
        do throws(TLSError) {
            switch try session!.read(into: memory, count: count) {
            case .bytes(let moved): return .bytes(moved)
            case .wantsRead, .wantsWrite: return .wouldBlock
            case .endOfStream, .truncated: return .endOfStream
            }
        } catch {
            throw LoadError("receiving: \(error)")
        }
    }

    private func sendEncrypted(_ memory: UnsafeRawPointer, _ count: Int) throws(LoadError) -> IOResult {
        do throws(TLSError) {
            switch try session!.write(from: memory, count: count) {
            case .bytes(let moved): return .bytes(moved)
            case .wantsWrite, .wantsRead: return .wouldBlock
            }
        } catch {
            throw LoadError("sending: \(error)")
        }
    }
}
