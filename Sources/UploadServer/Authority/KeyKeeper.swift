internal import HTTP
internal import HTTPClient
internal import LinuxSystem
internal import Logging
internal import Reactor
internal import Synchronization

/// Reads published keys: at the start, again on a time-table, and at a bounded rate when a token names one that is not
/// known. What cannot be read leaves those of before in force. From any thread; its work is done by one task on a loop
/// beside those of the connections.
final class KeyKeeper: Sendable {
    private struct State {
        /// What was read last and could be used.
        var text: [UInt8]?
        var isReading = true
        /// Counts readings that have ended.
        var readings = 0
        /// When the last reading began; SystemClock.monotonicNanoseconds, nil before the first.
        var startNanoseconds: Int64?
        /// When they were read last; SystemClock.monotonicNanoseconds.
        var goodNanoseconds: Int64?
        var waiting: [Int: (loop: EventLoop, tokens: [EventToken])] = [:]
        /// Where the task sleeps, once it does.
        var token: EventToken?
        var hasEnded = false
    }

    let source: KeySource
    private let loop: EventLoop
    private let log: Logger
    private let counts: KeyCounts
    private let state = Mutex(State())

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - before: whoever has kept the keys of the same place until now, which count until they are read anew.
    ///   - loop: where it works.
    init(_ source: KeySource, after before: KeyKeeper?, on loop: EventLoop, counts: KeyCounts, log: Logger) {
        self.source = source
        self.loop = loop
        self.log = log
        self.counts = counts
        if let before {
            let (text, good) = before.state.withLock { ($0.text, $0.goodNanoseconds) }
            if let text, case .new = source.take(text) {
                state.withLock {
                    $0.text = text
                    $0.goodNanoseconds = good
                }
            }
        }
        loop.spawn { [self] loop in await run(on: loop) }
    }

    /// Whether there are keys.
    var hasKeys: Bool { state.withLock { $0.text != nil } }

    /// When they were read last; SystemClock.monotonicNanoseconds, nil for never.
    var goodNanoseconds: Int64? { state.withLock { $0.goodNanoseconds } }

    /// Another one has taken over.
    func end() {
        let token = state.withLock { state in
            state.hasEnded = true
            return state.token
        }
        if let token { loop.spawn { $0.wake(token) } }
    }

    /// Somebody has asked for it: reads them now, whatever the time-table says.
    func readAnew() {
        let token = state.withLock { state -> EventToken? in
            if state.isReading { return nil }
            state.isReading = true
            return state.token
        }
        if let token { loop.spawn { $0.wake(token) } }
    }

    /// A token names a key that is not known: waits until the keys were read anew, unless that was a moment ago.
    ///
    /// - Parameters:
    ///   - watch: where the request's task sleeps.
    ///   - loop: where it runs.
    /// - Throws: `stopping`.
    func refresh(_ watch: Watch, on loop: EventLoop) async throws(Interruption) {
        let now = SystemClock.monotonicNanoseconds
        let (seen, sleeper) = state.withLock { state -> (Int?, EventToken?) in
            guard !state.hasEnded else { return (nil, nil) }
            // The first one may be yet to begin: then it is waited for.
            let isDue = state.startNanoseconds.map { now - $0 >= ServerLimits.keysAskedNanoseconds } ?? false
            guard state.isReading || isDue else { return (nil, nil) }
            state.waiting[loop.index, default: (loop, [])].tokens.append(watch.token)
            if state.isReading { return (state.readings, nil) }
            state.isReading = true
            return (state.readings, state.token)
        }
        guard let seen else { return }
        if let sleeper { self.loop.spawn { $0.wake(sleeper) } }
        watch.setDeadline(now + ServerLimits.keysReadNanoseconds)
        defer { watch.setDeadline(.max) }
        do throws(Interruption) {
            while state.withLock({ $0.readings == seen }) { try await watch.untilWoken() }
        } catch {
            if error == .stopping { throw error }
        }
    }

    // MARK: The task

    private func run(on loop: isolated EventLoop) async {
        var options = HTTPClient.Options(origin: source.url.origin)
        options.tls = source.tls
        let client = HTTPClient(options)
        let watch = loop.watch()
        var schedule = KeySchedule()
        while begins(watch.token) {
            let pause = await read(client, &schedule, on: loop)
            tellWaiting()
            watch.setDeadline(SystemClock.monotonicNanoseconds + pause)
            do throws(Interruption) {
                while !isAsked { try await watch.untilWoken() }
            } catch {
                watch.clearInterruption()
            }
        }
        await client.close(on: loop)
        loop.end(watch)
        tellWaiting()
    }

    /// Answers whether there is still something to do.
    private func begins(_ token: EventToken) -> Bool {
        state.withLock { state in
            guard !state.hasEnded else {
                state.token = nil
                return false
            }
            state.token = token
            state.isReading = true
            state.startNanoseconds = SystemClock.monotonicNanoseconds
            return true
        }
    }

    private var isAsked: Bool { state.withLock { $0.isReading || $0.hasEnded } }

    private func tellWaiting() {
        let waiting = state.withLock { state in
            state.readings += 1
            state.isReading = false
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for (loop, tokens) in waiting {
            loop.spawn { loop in for token in tokens { loop.wake(token) } }
        }
    }

    /// Answers how long to wait before the next time, in nanoseconds.
    private func read(
        _ client: HTTPClient, _ schedule: inout KeySchedule, on loop: isolated EventLoop
    ) async -> Int64 {
        let deadline = SystemClock.monotonicNanoseconds + ServerLimits.keysReadNanoseconds
        let reason: String
        do throws(ExchangeFailure) {
            let answer = try await client.send(
                HTTPRequest(.get, source.url, [("Accept", "application/json")], deadlineNanoseconds: deadline),
                on: loop)
            if answer.status != .ok {
                reason = "answers \(answer.text)"
            } else if answer.isCut {
                reason = "it is longer than \(HTTPClientLimits.answerBytes) bytes"
            } else {
                switch source.take(answer.content) {
                case .new(let count, let faults):
                    counts.new.add(1, ordering: .relaxed)
                    tell(count, faults)
                    keep(answer.content)
                    return schedule.read(answer.fields)
                case .same:
                    counts.same.add(1, ordering: .relaxed)
                    keep(answer.content)
                    return schedule.read(answer.fields)
                case .unusable(let fault): reason = fault
                }
            }
        } catch {
            reason = error.description
        }
        counts.failed.add(1, ordering: .relaxed)
        log.error(
            hasKeys ? "keys cannot be read, those of before go on" : "keys cannot be read: their tokens are refused",
            metadata: ["url": "\(source.url.withoutQuery)", "error": "\(reason)"])
        return schedule.failed()
    }

    /// Says what was read.
    private func tell(_ count: Int, _ faults: [String]) {
        let url: Logger.MetadataValue = "\(source.url.withoutQuery)"
        if let fault = faults.first {
            log.warning(
                "keys of a set cannot be used and are passed by",
                metadata: ["url": url, "count": "\(faults.count)", "error": "\(fault)"])
        }
        if count > 0 {
            log.notice("keys were read", metadata: ["url": url, "count": "\(count)"])
        } else {
            log.warning("keys were read, and there are none: their tokens are refused", metadata: ["url": url])
        }
    }

    private func keep(_ text: [UInt8]) {
        state.withLock { state in
            state.text = text
            state.goodNanoseconds = SystemClock.monotonicNanoseconds
        }
    }
}
