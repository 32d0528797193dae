internal import Access
internal import Reactor
internal import Synchronization

/// One question to an application, and all who wait for its answer. From any thread.
final class AuthorityQuestion: Sendable {
    /// What came of it.
    enum Outcome: Sendable {
        case passes(AuthorityAnswers.Pass)
        case refuses(ForwardRefusal)
        /// Nothing that means anything came in time; why, in one line for the log.
        case unanswered(String)
    }

    private struct State {
        var outcome: Outcome?
        /// By loop.
        var waiting: [Int: (loop: EventLoop, tokens: [EventToken])] = [:]
    }

    let key: AuthorityKey
    let fields: [(name: String, value: [UInt8])]
    /// When it is given up; SystemClock.monotonicNanoseconds.
    let deadlineNanoseconds: Int64
    private let state = Mutex(State())

    init(_ key: AuthorityKey, _ request: ForwardedRequest, deadlineNanoseconds: Int64) {
        self.key = key
        fields = request.fields
        self.deadlineNanoseconds = deadlineNanoseconds
    }

    /// What came of it; nil where that is open.
    var outcome: Outcome? { state.withLock { $0.outcome } }

    /// The same, and where it is open the task behind the token is woken when it is not any
    /// more. To be followed by its sleep without a suspension between.
    func outcome(orWake token: EventToken, on loop: EventLoop) -> Outcome? {
        state.withLock { state in
            if state.outcome == nil { state.waiting[loop.index, default: (loop, [])].tokens.append(token) }
            return state.outcome
        }
    }

    /// Tells everybody. Once.
    func end(_ outcome: Outcome) {
        let waiting = state.withLock { state in
            state.outcome = outcome
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for (loop, tokens) in waiting {
            loop.spawn { loop in for token in tokens { loop.wake(token) } }
        }
    }
}
