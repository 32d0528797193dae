internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Wire

/// Server-sent events as the content of an answer (HTML standard, section 9.2), to a client that may be slow or gone.
struct EventStream {
    private let exchange: Exchange
    private var spokenNanoseconds = SystemClock.monotonicNanoseconds
    private var admittedNanoseconds = SystemClock.monotonicNanoseconds
    /// Who watches may not any more.
    private var isDismissed = false
    private let admit: (ServerContext) async throws -> Void

    /// Begins the answer.
    ///
    /// - Parameters:
    ///   - milliseconds: after how long a client that has lost the connection is to come again.
    ///   - admit: throws where who watches may not do so any more, since a token has come to its end or the rules have
    ///     changed: the stream ends then. Asked every `ServerLimits.watchAdmissionNanoseconds`, with the latest rules.
    init(_ exchange: Exchange, retryMilliseconds: Int, admit: @escaping (ServerContext) async throws -> Void) async {
        self.exchange = exchange
        self.admit = admit
        var response = ResponseHead(.ok)
        response.set("Content-Type", "text/event-stream")
        // nginx would gather what is to be told at once.
        response.set("X-Accel-Buffering", "no")
        await exchange.startStream(response)
        exchange.channel.beginContent()
        await say("retry: \(retryMilliseconds)\n\n")
    }

    /// Whether there is somebody to tell, and it is worth it.
    var goesOn: Bool {
        !isDismissed && mayBeTold && !exchange.server.isStopping
    }

    private var mayBeTold: Bool {
        exchange.isStreaming && !exchange.isBroken && !exchange.channel.isClientGone
            && exchange.head.sentMethod != .head
    }

    /// - Parameters:
    ///   - id: what the client says where it goes on (`Last-Event-ID`); nil leaves the last one in force.
    ///   - data: on one line.
    mutating func send(_ event: String, id: String?, _ data: JSONObject) async {
        await admitAgain()
        guard goesOn else { return }
        await say("event: \(event)\n\(id.map { "id: \($0)\n" } ?? "")data: \(data.text)\n\n")
        spokenNanoseconds = SystemClock.monotonicNanoseconds
    }

    /// Sleeps a while; says something that means nothing where all has been silent for long.
    mutating func pause(nanoseconds: Int64) async {
        do throws(Interruption) { try await exchange.watch.pause(nanoseconds: nanoseconds) } catch {
            // A stop is seen by who asks whether to go on; no newer request takes this one's place.
            exchange.watch.clearInterruption()
        }
        await admitAgain()
        let silentNanoseconds = SystemClock.monotonicNanoseconds - spokenNanoseconds
        guard goesOn, silentNanoseconds >= ServerLimits.watchSilenceNanoseconds else { return }
        await say(":\n\n")
        spokenNanoseconds = SystemClock.monotonicNanoseconds
    }

    /// Who reads as fast as there is something to tell is asked as often as who sleeps in between.
    private mutating func admitAgain() async {
        let now = SystemClock.monotonicNanoseconds
        guard goesOn, now - admittedNanoseconds >= ServerLimits.watchAdmissionNanoseconds else { return }
        admittedNanoseconds = now
        do { try await admit(exchange.server.latest) } catch { isDismissed = true }
    }

    /// Says that nothing follows, also while the server stops. To be called once, behind everything else.
    func end() async {
        let farewell = ":\n\n"
        exchange.endStream(behind: farewell.utf8.count)
        await say(farewell)
    }

    private func sendSome(_ bytes: [UInt8], from start: Int) throws(TransportError) -> Int {
        let moved: Result<Int, TransportError> = bytes.withUnsafeBytes { memory in
            Result { () throws(TransportError) in
                try exchange.channel.sendSome(from: memory.baseAddress! + start, count: memory.count - start)
            }
        }
        return try moved.get()
    }

    private func say(_ text: String) async {
        guard mayBeTold else { return }
        let bytes = Array(text.utf8)
        let watch = exchange.watch
        var sent = 0
        do throws(TransportError) {
            while sent < bytes.count {
                let moved = try sendSome(bytes, from: sent)
                sent += moved
                exchange.countSent(moved)
                if moved > 0 { continue }
                watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.watchStallNanoseconds)
                try await exchange.channel.untilRoom()
            }
            watch.setDeadline(.max)
        } catch {
            exchange.note = "\(error)"
            exchange.abortResponse()
        }
    }
}
