internal import Access
internal import HTTPClient
internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// Asks an application who sends requests: about each credential once, however many requests wait for it, by a bounded
/// number of connections. From any loop. The asking is done on a loop beside those of the connections, so that nothing
/// the application does, or leaves undone, keeps a request waiting that has not asked.
final class AuthorityDesk: AskingDesk {
    private struct State {
        var answers = AuthorityAnswers(countMax: ServerLimits.authorityAnswersMax)
        /// Queued, or under way; none where each request is asked about by itself.
        var questions: [AuthorityKey: AuthorityQuestion] = [:]
        var queue = QuestionQueue()
        var crew = AskerCrew()
    }

    /// Why nothing that counts was said to a question, in one line for the log.
    struct Unanswered: Error {
        let reason: String
    }

    let configuration: AuthorityConfiguration
    let health: ApplicationHealth
    private let loop: EventLoop
    private let salt: [UInt8]
    private let state = Mutex(State())

    /// - Parameter loop: where the asking is done.
    init(_ configuration: AuthorityConfiguration, on loop: EventLoop, health: ApplicationHealth) {
        self.configuration = configuration
        self.loop = loop
        self.health = health
        salt = (0..<2).flatMap { _ in
            let word = Randomness.word()
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }

    // MARK: For requests

    /// What stands for a request's credential here.
    func key(of request: ForwardedRequest) -> AuthorityKey { AuthorityKey(request, salt: salt) }

    /// Who sends a request; waits for the answer.
    ///
    /// - Parameters:
    ///   - watch: where the request's task sleeps.
    ///   - loop: where it runs.
    /// - Throws: `AccessFault.refused`; `Unanswered`; `Interruption.stopping`.
    func pass(
        _ request: ForwardedRequest, _ key: AuthorityKey, _ watch: Watch, on loop: EventLoop
    ) async throws -> AuthorityAnswers.Pass {
        let now = SystemClock.monotonicNanoseconds
        let mine = AuthorityQuestion(key, request, deadlineNanoseconds: now + configuration.timeoutNanoseconds)
        let (pass, asked) = take(mine, now: now)
        if let pass { return pass }
        guard let asked else {
            health.count(.dropped)
            throw Unanswered(reason: "not asked: too many questions wait")
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
            if error == .stopping { throw error }
        }
        switch outcome {
        case .passes(let pass)?: return pass
        case .refuses(let refusal)?: throw AccessFault.refused(asked === mine ? refusal : refusal.forOthers)
        case .unanswered(let reason)?: throw Unanswered(reason: reason)
        case nil: throw Unanswered(reason: "\(configuration.url.authority) says nothing in time")
        }
    }

    /// How many questions wait for somebody who asks them.
    var queuedCount: Int { state.withLock { $0.queue.count } }

    /// Finds the answer, or the question that brings it: this one, unless another is under way. Neither where there is
    /// no room.
    private func take(
        _ mine: AuthorityQuestion, now: Int64
    ) -> (pass: AuthorityAnswers.Pass?, asked: AuthorityQuestion?) {
        let shares = configuration.cacheNanoseconds > 0
        typealias Taken = (AuthorityAnswers.Pass?, AuthorityQuestion?, AskerCrew.Way)
        let (pass, asked, way) = state.withLock { state -> Taken in
            let isKnown = shares && state.answers.knows(mine.key)
            if shares {
                if let pass = state.answers.pass(mine.key, now: now) { return (pass, nil, .none) }
                if let asked = state.questions[mine.key] { return (nil, asked, .none) }
            }
            guard state.queue.append(mine, isKnown: isKnown) else { return (nil, nil, .none) }
            if shares { state.questions[mine.key] = mine }
            return (nil, mine, state.crew.call(countMax: ServerLimits.authorityAskersMax))
        }
        switch way {
        case .none: break
        case .wakes(let token): loop.spawn { $0.wake(token) }
        case .begins: loop.spawn { [self] loop in await AuthorityAsker(self).run(on: loop) }
        }
        return (pass, asked)
    }

    // MARK: For askers

    func next(orWake token: EventToken) -> AuthorityQuestion? {
        state.withLock { state in
            if let question = state.queue.popFirst() { return question }
            state.crew.rests(token)
            return nil
        }
    }

    func leaves(_ token: EventToken) -> Bool { state.withLock { $0.crew.leaves(token) } }

    /// Whoever has asked tells all who wait.
    func end(_ question: AuthorityQuestion, _ outcome: AuthorityQuestion.Outcome) {
        state.withLock { state in
            if state.questions[question.key] === question { state.questions[question.key] = nil }
            guard configuration.cacheNanoseconds > 0 else { return }
            switch outcome {
            case .passes(let pass): state.answers.keep(question.key, pass)
            case .refuses: state.answers.forget(question.key)
            case .unanswered: break
            }
        }
        question.end(outcome)
    }
}
