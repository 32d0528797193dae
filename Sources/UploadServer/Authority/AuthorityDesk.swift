internal import Access
internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// Asks an application who sends requests: about each credential once, however many requests wait for it, by a bounded
/// number of connections. From any loop. The asking is done on a loop beside those of the connections, so that nothing
/// the application does, or leaves undone, keeps a request waiting that has not asked.
final class AuthorityDesk: Sendable {
    private struct State {
        var answers = AuthorityAnswers(countMax: ServerLimits.authorityAnswersMax)
        /// Queued, or under way; none where each request is asked about by itself.
        var questions: [AuthorityKey: AuthorityQuestion] = [:]
        var queue = QuestionQueue()
        /// Askers that rest, the one that was busy last at the end.
        var resting: [EventToken] = []
        var askerCount = 0
    }

    /// How a question gets to somebody who asks it.
    private enum Way {
        case none
        case wakes(EventToken)
        case begins
    }

    let configuration: AuthorityConfiguration
    let health: AuthorityHealth
    private let loop: EventLoop
    private let salt: [UInt8]
    private let state = Mutex(State())

    /// - Parameter loop: where the asking is done.
    init(_ configuration: AuthorityConfiguration, on loop: EventLoop, health: AuthorityHealth) {
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
    /// - Throws: `AccessFault.refused`, `.unanswered`; `Interruption.stopping`.
    func pass(
        _ request: ForwardedRequest, _ key: AuthorityKey, _ watch: Watch, on loop: EventLoop
    ) async throws -> AuthorityAnswers.Pass {
        let now = SystemClock.monotonicNanoseconds
        let mine = AuthorityQuestion(key, request, deadlineNanoseconds: now + configuration.timeoutNanoseconds)
        let (pass, asked) = take(mine, now: now)
        if let pass { return pass }
        guard let asked else {
            health.count(.dropped)
            throw AccessFault.unanswered
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
        case .unanswered?, nil: throw AccessFault.unanswered
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
        let (pass, asked, way) = state.withLock { state -> (AuthorityAnswers.Pass?, AuthorityQuestion?, Way) in
            let isKnown = shares && state.answers.knows(mine.key)
            if shares {
                if let pass = state.answers.pass(mine.key, now: now) { return (pass, nil, .none) }
                if let asked = state.questions[mine.key] { return (nil, asked, .none) }
            }
            guard state.queue.append(mine, isKnown: isKnown) else { return (nil, nil, .none) }
            if shares { state.questions[mine.key] = mine }
            if let token = state.resting.popLast() { return (nil, mine, .wakes(token)) }
            guard state.askerCount < ServerLimits.authorityAskersMax else { return (nil, mine, .none) }
            state.askerCount += 1
            return (nil, mine, .begins)
        }
        switch way {
        case .none: break
        case .wakes(let token): loop.spawn { $0.wake(token) }
        case .begins: loop.spawn { [self] loop in await AuthorityAsker(self).run(on: loop) }
        }
        return (pass, asked)
    }

    // MARK: For askers

    /// The next question; nil where none is there, and whoever asks is woken when one is. To be followed by its sleep
    /// without a suspension between.
    func next(orWake token: EventToken) -> AuthorityQuestion? {
        state.withLock { state in
            if let question = state.queue.popFirst() { return question }
            state.resting.append(token)
            return nil
        }
    }

    /// An asker has rested for long. Answers whether it may go: a question may have come at the last moment.
    func leaves(_ token: EventToken) -> Bool {
        state.withLock { state in
            guard let index = state.resting.firstIndex(of: token) else { return false }
            state.resting.remove(at: index)
            state.askerCount -= 1
            return true
        }
    }

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
