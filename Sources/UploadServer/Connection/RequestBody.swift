internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The body of one request, whatever brings it: its framing taken away. Confined to its connection's loop.
protocol RequestBody: ByteSource {
    /// The declared length in bytes, nil where only the end will tell.
    var length: Int64? { get }
    /// Body bytes handed out so far.
    var received: Int64 { get }
    /// Trailer fields, once the body has ended.
    var trailers: FieldSection? { get }
    /// Whether the client still waits for a 100 before it sends the body: after a refusal it may never send it.
    var isAwaited: Bool { get }
    /// How long the client may be waited for.
    var pace: BodyPace { get set }
    /// Where the request's task sleeps.
    var watch: Watch { get }
    /// Tells a client that asked for it that its body is welcome (RFC 9110 section 10.1.1). Once, before the first
    /// read, and never after a refusal.
    func welcome() async throws(BodyFailure)
}

extension RequestBody {
    /// Bytes still to come, nil where only the end will tell.
    var remaining: Int64? { length.map { $0 - received } }

    /// Whether the body is empty, which one without a declared length shows at its end only: the client is asked for
    /// it, and heard as long as nothing comes.
    ///
    /// - Parameter scratch: memory for what comes and is not wanted.
    func bringsNothing(scratch: UnsafeMutableRawBufferPointer) async throws(BodyFailure) -> Bool {
        if let length { return length == 0 }
        try await welcome()
        while true {
            switch try readNow(into: scratch.baseAddress!, count: scratch.count) {
            case .bytes: return false
            case .end: return true
            case .wouldBlock: try await untilArrival()
            }
        }
    }

    /// Reads what is left to its end, within a bound of time, and drops it. Answers whether it has come there.
    func discardRest(scratch: UnsafeMutableRawBufferPointer) async -> Bool {
        watch.setDeadline(SystemClock.monotonicNanoseconds + WireLimits.drainClosingNanoseconds)
        var sliceStart = SystemClock.monotonicNanoseconds
        do throws(BodyFailure) {
            while !isAtEnd {
                if case .wouldBlock = try readNow(into: scratch.baseAddress!, count: scratch.count) {
                    try await untilReadable()
                }
                await watch.yield(after: &sliceStart)
            }
            return true
        } catch {
            return false
        }
    }

    /// Sleeps until a read may find something, as long as the client's pace allows.
    func untilArrival() async throws(BodyFailure) {
        let start = SystemClock.monotonicNanoseconds
        let stalled = watch.stalledNanoseconds
        watch.setDeadline(start + pace.allowance(received: received))
        do throws(BodyFailure) {
            // The client is not blamed for the time in which this process stood still.
            defer {
                let waited = SystemClock.monotonicNanoseconds - start - (watch.stalledNanoseconds - stalled)
                pace.spent(nanoseconds: waited)
            }
            try await untilReadable()
        } catch {
            if case .transport(.interrupted(.timedOut)) = error, pace.isTooSlow { throw .tooSlow }
            throw error
        }
    }
}

extension BodyPace {
    /// What the configuration allows a body. Takes its owner: a configuration that is handed on is copied, all of it.
    init(_ server: ServerContext) {
        self.init(
            idleNanoseconds: server.configuration.bodyIdleNanoseconds,
            minimumRate: server.configuration.bodyRateBytes,
            windowNanoseconds: server.configuration.bodyRateWindowNanoseconds)
    }
}
