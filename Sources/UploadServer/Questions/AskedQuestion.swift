internal import Access
internal import Events
internal import Reactor
internal import Synchronization

/// One question on its way to an application, and the one task that waits for the answer. From any thread.
final class AskedQuestion: Sendable {
    /// What came of it.
    enum Outcome: Sendable {
        case yes(UploadChanges)
        case refusal(ApplicationRefusal)
        /// Nothing that means anything came in time; why, in one line for the log.
        case unanswered(String)
    }

    private struct State {
        var outcome: Outcome?
        var isTaken = false
        var isAbandoned = false
        var waiter: (loop: EventLoop, token: EventToken)?
    }

    let question: Question
    /// When it is given up; SystemClock.monotonicNanoseconds.
    let deadlineNanoseconds: Int64
    private let state = Mutex(State())

    init(_ question: Question, deadlineNanoseconds: Int64) {
        self.question = question
        self.deadlineNanoseconds = deadlineNanoseconds
    }

    /// What came of it; nil where that is open.
    var outcome: Outcome? { state.withLock { $0.outcome } }

    /// The same, and where it is open the task behind the token is woken when it is not any more. To be followed by its
    /// sleep without a suspension between.
    func outcome(orWake token: EventToken, on loop: EventLoop) -> Outcome? {
        state.withLock { state in
            if state.outcome == nil { state.waiter = (loop, token) }
            return state.outcome
        }
    }

    /// Somebody has it to ask it. Answers false where nobody waits for it any more.
    func take() -> Bool {
        state.withLock { state in
            state.isTaken = true
            return !state.isAbandoned
        }
    }

    /// Whether nobody waits for it any more.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// Nobody waits for it any more: if it is not under way it need not be asked. Answers whether it stands in the
    /// queue.
    func abandon() -> Bool {
        state.withLock { state in
            state.isAbandoned = true
            state.waiter = nil
            return !state.isTaken
        }
    }

    /// Tells whoever waits. Once.
    func end(_ outcome: Outcome) {
        let waiter = state.withLock { state in
            state.outcome = outcome
            return state.waiter.take()
        }
        if let waiter { waiter.loop.spawn { $0.wake(waiter.token) } }
    }
}
