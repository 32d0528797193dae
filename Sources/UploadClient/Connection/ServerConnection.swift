internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import TLS
internal import Wire

/// One connection to a server, from connecting to closing; requests follow one another on it. Confined to its loop.
final class ServerConnection {
    /// The server's address, for telling which server this leads to.
    let url: UploadURL
    /// Nothing more can be asked on it.
    private(set) var isSpent = false
    private let transport: Transport
    private var reader: AnswerReader
    private let output: AlignedBuffer

    private init(_ url: UploadURL, _ transport: Transport) throws(AttemptError) {
        guard let input = AlignedBuffer(count: ClientLimits.receiveBytes),
            let output = AlignedBuffer(count: ClientLimits.sendBytes)
        else { throw .local("no memory") }
        self.url = url
        self.transport = transport
        self.output = output
        reader = AnswerReader(transport, input)
    }

    // MARK: Opening and closing

    /// Connects to one address and shakes hands.
    static func connect(
        to address: SocketAddress, for url: UploadURL, tls: TLSContext?, on loop: isolated EventLoop
    ) async throws(AttemptError) -> ServerConnection {
        let number: Int32
        let watch: Watch
        let transport: Transport
        do {
            let socket = try Socket.connecting(to: address)
            number = socket.descriptor.rawValue
            watch = try loop.watch(number)
            watch.setDeadline(SystemClock.monotonicNanoseconds + ClientLimits.connectNanoseconds)
            do {
                watch.exhaustedWriting()
                try await watch.untilWritable()
                if let error = socket.pendingError() { throw error }
                transport = try Transport(socket: socket, watch: watch, client: tls, serverName: url.host)
            } catch {
                loop.end(watch, number)
                throw error
            }
        } catch {
            throw failure(error, "cannot connect to \(url.authority)")
        }
        do {
            try await transport.handshake()
            return try ServerConnection(url, transport)
        } catch {
            loop.end(watch, number)
            throw (error as? AttemptError) ?? failure(error, "\(url.authority)", inHandshake: true)
        }
    }

    /// Gives everything back. The descriptor closes with this value.
    func close(on loop: isolated EventLoop) async {
        isSpent = true
        await transport.closeGently(draining: false, scratch: output.memory, scratchBytes: output.count)
        loop.end(transport.watch, transport.descriptor)
    }

    // MARK: The exchange

    /// Sends a request and waits for its final answer, which may come before everything is sent.
    ///
    /// - Parameters:
    ///   - interim: told of every informational answer.
    ///   - progress: told after each step how many bytes of the content have been given to the network; answers whether
    ///     to go on.
    func exchange(
        _ request: Request, further: [(name: String, value: String)], file: LocalFile,
        interim: (ReceivedResponse) -> Void, progress: (Int64) -> Bool
    ) async throws(AttemptError) -> Answer {
        do {
            limit(ClientLimits.stallNanoseconds)
            try await transport.write(request.head(further: further))
            if let range = request.range {
                let isWelcome = request.isPatient ? try await waitForWelcome(interim) : true
                // An answer that came before the end of the content leaves nobody who knows where that would end.
                let isSent = isWelcome ? try await send(range, of: file, interim, progress) : false
                if !isSent { isSpent = true }
            }
            limit(ClientLimits.answerNanoseconds)
            let answer = try await reader.read(answering: request.method, interim: interim)
            if reader.isAtEnd { isSpent = true }
            return answer
        } catch {
            isSpent = true
            if let last = try? await lastWords(request, error) { return last }
            throw (error as? AttemptError) ?? ServerConnection.failure(error, "\(url.authority)")
        }
    }

    /// Waits a moment for an informational answer. Answers false where the final one came instead.
    private func waitForWelcome(_ interim: (ReceivedResponse) -> Void) async throws -> Bool {
        limit(ClientLimits.welcomeNanoseconds)
        var isWelcome = false
        while true {
            let isAnswered = try reader.mayAnswer { response in
                isWelcome = true
                interim(response)
            }
            if isAnswered { return false }
            if isWelcome { return true }
            do throws(TransportError) {
                try await transport.untilReadable()
            } catch {
                guard case .interrupted(.timedOut) = error else { throw error }
                transport.watch.clearInterruption()
                return true
            }
        }
    }

    /// Sends a range of the file. Answers false where an answer came before the end.
    private func send(
        _ range: Range<Int64>, of file: LocalFile, _ interim: (ReceivedResponse) -> Void, _ progress: (Int64) -> Bool
    ) async throws -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(Int64(output.count), range.upperBound - position))
            try file.read(into: output.memory, count: count, at: position)
            var done = 0
            while done < count {
                if transport.mayRead, try reader.mayAnswer(interim: interim) { return false }
                let moved = try transport.writeSome(from: output.memory + done, count: count - done)
                if moved == 0 {
                    limit(ClientLimits.stallNanoseconds)
                    try await transport.untilWritableOrReadable()
                }
                done += moved
                guard progress(position - range.lowerBound + Int64(done)) else {
                    throw AttemptError.transient("given up")
                }
            }
            position += Int64(count)
            // Others on the loop want their turn: the progress, the other parts.
            await transport.watch.yield()
        }
        return true
    }

    /// A server that refuses closes while the client still writes; its answer may be there although writing failed.
    private func lastWords(_ request: Request, _ error: any Error) async throws -> Answer? {
        guard case .system? = error as? TransportError else { return nil }
        limit(ClientLimits.lastWordsNanoseconds)
        return try await reader.read(answering: request.method, interim: { _ in })
    }

    private func limit(_ nanoseconds: Int64) {
        transport.watch.setDeadline(SystemClock.monotonicNanoseconds + nanoseconds)
    }

    // MARK: What went wrong

    private static func failure(_ error: any Error, _ place: String, inHandshake: Bool = false) -> AttemptError {
        switch error {
        case let error as AttemptError: return error
        case let error as Errno: return .transient("\(place): \(error)")
        case is Interruption, TransportError.interrupted: return .transient("\(place): no answer in time")
        case TransportError.truncated: return .transient("\(place): connection lost")
        case TransportError.system(let errno): return .transient("\(place): \(errno)")
        case TransportError.tls(let error):
            switch error.kind {
            case .certificate:
                return .network("\(place): \(error) (see --cacert and --insecure)")
            case .configuration: return .network("\(place): \(error)")
            case .handshakeFailed: return .network("\(place): \(error) (does it speak TLS?)")
            case .alert where inHandshake: return .network("\(place): \(error)")
            default: return .transient("\(place): \(error)")
            }
        case let error as HTTPParseError: return .network("\(place): not an HTTP server's answer: \(error)")
        default: return .transient("\(place): \(error)")
        }
    }
}
