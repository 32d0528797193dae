internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import TLS
internal import Wire

/// One connection to a server, perhaps by way of a proxy; requests follow one another on it. Confined to its loop.
final class HTTPConnection {
    /// Whom it leads to.
    let origin: HTTPURL.Origin
    /// Nothing more can be asked on it.
    private(set) var isSpent = false
    /// When it was last used; SystemClock.monotonicNanoseconds.
    private(set) var usedNanoseconds = SystemClock.monotonicNanoseconds
    /// How many answers it has brought.
    private var answerCount = 0
    /// Bytes of the last request's content that were given to the network.
    private var sentBytes: Int64 = 0
    /// When the exchange under way is given up; SystemClock.monotonicNanoseconds.
    private var deadlineNanoseconds = Int64.max
    /// Who reads the heads of requests, where that is not the server itself.
    private let proxy: Proxy?
    private let transport: Transport
    private var reader: AnswerReader
    private let output: AlignedBuffer

    private init(_ url: HTTPURL, _ transport: Transport, proxy: Proxy?) throws(ExchangeFailure) {
        guard let input = AlignedBuffer(count: HTTPClientLimits.receiveBytes),
            let output = AlignedBuffer(count: HTTPClientLimits.sendBytes)
        else { throw ExchangeFailure(.local, "no memory") }
        origin = url.origin
        self.proxy = proxy
        self.transport = transport
        self.output = output
        reader = AnswerReader(transport, input)
    }

    // MARK: Opening and closing

    /// Takes a connected socket, asks a proxy on it for the way through, and shakes hands.
    ///
    /// - Parameters:
    ///   - number: a connected, non-blocking socket, which is this function's from here on.
    ///   - tls: nil for http.
    ///   - deadline: when all of it is given up; SystemClock.monotonicNanoseconds.
    static func open(
        _ number: Int32, to url: HTTPURL, tls: TLSContext?, proxy: Proxy?, by deadline: Int64,
        on loop: isolated EventLoop
    ) async throws(ExchangeFailure) -> HTTPConnection {
        let socket = Socket(FileDescriptor(owning: number))
        let watch: Watch
        let connection: HTTPConnection
        do {
            watch = try loop.watch(number)
            let transport = try Transport(socket: socket, watch: watch, client: nil, serverName: "")
            connection = try HTTPConnection(url, transport, proxy: tls == nil ? proxy : nil)
        } catch {
            throw failure(error, "cannot connect to \(url.authority)")
        }
        do {
            connection.deadlineNanoseconds = deadline
            connection.limit(HTTPClientLimits.handshakeNanoseconds)
            if let tls {
                if let proxy { try await connection.tunnel(through: proxy, to: url) }
                try connection.transport.beginTLS(client: tls, serverName: url.host)
                try await connection.transport.handshake()
            }
            return connection
        } catch {
            loop.end(watch, number)
            throw failure(error, "\(url.authority)", inHandshake: true)
        }
    }

    /// RFC 9110 section 9.3.6.
    private func tunnel(through proxy: Proxy, to url: HTTPURL) async throws {
        let place = url.fullAuthority
        var head = "CONNECT \(place) HTTP/1.1\r\nHost: \(place)\r\nUser-Agent: sluice\r\n"
        if let authorization = proxy.authorization { head += "Proxy-Authorization: \(authorization)\r\n" }
        let answer: ReceivedResponse
        do {
            try await transport.write(Array((head + "\r\n").utf8))
            answer = try await reader.readTunnelHead()
        } catch {
            throw HTTPConnection.failure(error, "the proxy \(proxy.url.authority)")
        }
        guard !(200...299).contains(answer.status.code) else { return }
        var text = "the proxy \(proxy.url.authority) does not lead to \(place): \(answer.status)"
        let reason = answer.reason.isEmpty ? answer.status.reason : Answer.printable(answer.reason[...])
        if !reason.isEmpty { text += " \(reason)" }
        throw ExchangeFailure(answer.status.code >= 500 ? .lost : .proxy, text)
    }

    /// Whether it has been kept for too long, or the server has closed it or said something unasked meanwhile.
    var isStale: Bool {
        isSpent || transport.watch.isPeerClosed || transport.mayRead && answerCount > 0 && hasNews
            || SystemClock.monotonicNanoseconds - usedNanoseconds > HTTPClientLimits.idleNanoseconds
    }

    /// Reads what is there on an idle connection: a ticket of TLS is no news, anything else is.
    private var hasNews: Bool {
        do { return try reader.mayAnswer(interim: { _ in }) || reader.hasBegun } catch { return true }
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
    ///   - lacksOriginFields: whether fields were left out that only another origin gets.
    ///   - interim: told of every informational answer.
    ///   - progress: told after each step how many bytes of the content have been given to the network; answers whether
    ///     to go on.
    func exchange(
        _ request: HTTPRequest, further: [(name: String, value: String)], lacksOriginFields: Bool,
        interim: (ReceivedResponse) -> Void, progress: (Int64) -> Bool
    ) async throws(ExchangeFailure) -> Answer {
        defer { usedNanoseconds = SystemClock.monotonicNanoseconds }
        sentBytes = 0
        deadlineNanoseconds = request.deadlineNanoseconds
        do {
            limit(HTTPClientLimits.stallNanoseconds)
            try await transport.write(request.head(further: further, proxy: proxy))
            if let content = request.content {
                let isWelcome = request.isPatient ? try await waitForWelcome(interim) : true
                // An answer that came before the end of the content leaves nobody who knows where that would end.
                let isSent = isWelcome ? try await send(content, interim, progress) : false
                if !isSent { isSpent = true }
            }
            limit(HTTPClientLimits.answerNanoseconds)
            let answer = try await reader.read(
                answering: request.method, from: request.url, lacksOriginFields: lacksOriginFields, interim: interim)
            if reader.isAtEnd { isSpent = true }
            answerCount += 1
            return answer
        } catch {
            isSpent = true
            // A server that has closed what was kept says so before much can be sent.
            let isUnheard = answerCount > 0 && !reader.hasBegun && sentBytes <= HTTPClientLimits.sendBytes
            if let last = try? await lastWords(request, lacksOriginFields, error) { return last }
            let failure = HTTPConnection.failure(error, "\(request.url.authority)")
            guard case .lost = failure.kind, isUnheard, !HTTPConnection.isInterruption(error) else { throw failure }
            throw ExchangeFailure(.stale, failure.description)
        }
    }

    /// Waits a moment for an informational answer. Answers false where the final one came instead.
    private func waitForWelcome(_ interim: (ReceivedResponse) -> Void) async throws -> Bool {
        limit(HTTPClientLimits.welcomeNanoseconds)
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

    /// Sends a request's content. Answers false where an answer came before the end.
    private func send(
        _ content: (source: any RequestContent, range: Range<Int64>), _ interim: (ReceivedResponse) -> Void,
        _ progress: (Int64) -> Bool
    ) async throws -> Bool {
        let range = content.range
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(Int64(output.count), range.upperBound - position))
            do {
                try content.source.read(into: output.memory, count: count, at: position)
            } catch {
                throw ExchangeFailure(.content(error), "\(error)")
            }
            var done = 0
            while done < count {
                if transport.mayRead, try reader.mayAnswer(interim: interim) { return false }
                let moved = try transport.writeSome(from: output.memory + done, count: count - done)
                if moved == 0 {
                    limit(HTTPClientLimits.stallNanoseconds)
                    try await transport.untilWritableOrReadable()
                }
                done += moved
                sentBytes = position - range.lowerBound + Int64(done)
                guard progress(sentBytes) else {
                    throw ExchangeFailure(.cancelled, "given up")
                }
            }
            position += Int64(count)
            // Others on the loop want their turn: the progress, the other parts.
            if position < range.upperBound { await transport.watch.yield() }
        }
        return true
    }

    /// A server that refuses closes while the client still writes; its answer may be there although writing failed.
    private func lastWords(
        _ request: HTTPRequest, _ lacksOriginFields: Bool, _ error: any Error
    ) async throws -> Answer? {
        guard case .system? = error as? TransportError else { return nil }
        limit(HTTPClientLimits.lastWordsNanoseconds)
        return try await reader.read(
            answering: request.method, from: request.url, lacksOriginFields: lacksOriginFields, interim: { _ in })
    }

    private func limit(_ nanoseconds: Int64) {
        transport.watch.setDeadline(min(deadlineNanoseconds, SystemClock.monotonicNanoseconds + nanoseconds))
    }

    // MARK: What went wrong

    private static func isInterruption(_ error: any Error) -> Bool {
        if case .interrupted? = error as? TransportError { return true }
        return error is Interruption
    }

    private static func failure(_ error: any Error, _ place: String, inHandshake: Bool = false) -> ExchangeFailure {
        switch error {
        case let error as ExchangeFailure: return error
        case let error as Errno: return ExchangeFailure(.lost, "\(place): \(error)")
        case is Interruption, TransportError.interrupted: return ExchangeFailure(.lost, "\(place): no answer in time")
        case TransportError.truncated: return ExchangeFailure(.lost, "\(place): connection lost")
        case TransportError.system(let errno): return ExchangeFailure(.lost, "\(place): \(errno)")
        case TransportError.tls(let error):
            switch error.kind {
            case .certificate:
                return ExchangeFailure(.untrusted, "\(place): \(error)")
            case .configuration: return ExchangeFailure(.untrusted, "\(place): \(error)")
            case .handshakeFailed: return ExchangeFailure(.notHTTP, "\(place): \(error) (does it speak TLS?)")
            case .alert where inHandshake: return ExchangeFailure(.notHTTP, "\(place): \(error)")
            default: return ExchangeFailure(.lost, "\(place): \(error)")
            }
        case let error as HTTPParseError:
            return ExchangeFailure(.notHTTP, "\(place): not an HTTP server's answer (\(error.code))")
        default: return ExchangeFailure(.lost, "\(place): \(error)")
        }
    }
}
