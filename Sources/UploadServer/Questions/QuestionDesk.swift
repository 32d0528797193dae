internal import Events
internal import HTTPClient
internal import LinuxSystem
internal import Reactor
internal import Synchronization
internal import Uploads

/// Asks an application one kind of question, by a bounded number of connections. From any loop. The asking is done on a
/// loop beside those of the connections, so that nothing the application does, or leaves undone, keeps a request
/// waiting that has not asked.
final class QuestionDesk: AskingDesk {
    private struct State {
        var queue = WaitingLine<AskedQuestion>()
        /// Those in the queue for which nobody waits any more.
        var abandonedCount = 0

        /// Takes one in, unless as many wait as may. What nobody waits for takes nobody's place.
        mutating func append(_ asked: AskedQuestion) -> Bool {
            guard queue.count - abandonedCount < ServerLimits.questionQueueMax else { return false }
            if abandonedCount >= ServerLimits.questionQueueMax { clear() }
            queue.append(asked)
            return true
        }

        private mutating func clear() {
            var rest = WaitingLine<AskedQuestion>()
            while let asked = queue.popFirst() { if !asked.isAbandoned { rest.append(asked) } }
            queue = rest
            abandonedCount = 0
        }

        mutating func popFirst() -> AskedQuestion? {
            while let asked = queue.popFirst() {
                if asked.take() { return asked }
                abandonedCount -= 1
            }
            return nil
        }
        var crew = AskerCrew()
    }

    let kind: Question.Kind
    let url: HTTPURL
    let configuration: QuestionConfiguration
    let health: ApplicationHealth
    /// What the questions say of the server.
    let source: String
    let publicURL: String?
    let base: BasePath
    private let loop: EventLoop
    private let state = Mutex(State())

    /// - Parameters:
    ///   - url: where questions of this kind go.
    ///   - loop: where the asking is done.
    init(
        _ kind: Question.Kind, _ url: HTTPURL, of server: ServerConfiguration, source: String, on loop: EventLoop,
        health: ApplicationHealth
    ) {
        self.kind = kind
        self.url = url
        configuration = server.questions
        self.source = source
        publicURL = server.publicURL
        base = server.basePath
        self.loop = loop
        self.health = health
    }

    // MARK: For requests

    /// What the application says to a question; waits for the answer.
    ///
    /// - Parameters:
    ///   - watch: where the request's task sleeps.
    ///   - loop: where it runs.
    /// - Throws: what has ended the wait before that, but for its time: a newer request, or a stop. The question counts
    ///   for nothing then.
    func ask(
        _ question: Question, _ watch: Watch, on loop: EventLoop
    ) async throws(Interruption) -> AskedQuestion.Outcome {
        let now = SystemClock.monotonicNanoseconds
        let asked = AskedQuestion(question, deadlineNanoseconds: now + configuration.timeoutNanoseconds)
        guard take(asked) else {
            health.count(.dropped)
            return .unanswered("not asked: too many questions wait")
        }
        // A moment longer than whoever asks: the answer then says more.
        watch.setDeadline(asked.deadlineNanoseconds + ServerLimits.authorityMarginNanoseconds)
        defer { watch.setDeadline(.max) }
        var outcome = asked.outcome(orWake: watch.token, on: loop)
        do throws(Interruption) {
            while outcome == nil {
                try await watch.untilWoken()
                outcome = asked.outcome
            }
        } catch {
            state.withLock { if asked.abandon() { $0.abandonedCount += 1 } }
            guard error == .timedOut else { throw error }
        }
        return outcome ?? .unanswered("\(url.authority) says nothing in time")
    }

    /// How many questions wait for somebody who asks them.
    var queuedCount: Int { state.withLock { $0.queue.count - $0.abandonedCount } }

    /// Answers false where there is no room.
    private func take(_ asked: AskedQuestion) -> Bool {
        let way = state.withLock { state -> AskerCrew.Way? in
            guard state.append(asked) else { return nil }
            return state.crew.call(countMax: ServerLimits.questionAskersMax)
        }
        switch way {
        case nil: return false
        case AskerCrew.Way.none?: break
        case .wakes(let token)?: loop.spawn { $0.wake(token) }
        case .begins?: loop.spawn { [self] loop in await QuestionAsker(self).run(on: loop) }
        }
        return true
    }

    // MARK: For askers

    func next(orWake token: EventToken) -> AskedQuestion? {
        state.withLock { state in
            if let question = state.popFirst() { return question }
            state.crew.rests(token)
            return nil
        }
    }

    func leaves(_ token: EventToken) -> Bool { state.withLock { $0.crew.leaves(token) } }
}
