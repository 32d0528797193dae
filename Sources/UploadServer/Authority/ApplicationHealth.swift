internal import LinuxSystem
internal import Logging
internal import Synchronization

/// How it goes with an application that is asked, such as who may: counts, and tells the log when it stops answering,
/// and when it does again. One of each kind for the life of the server, from any thread.
final class ApplicationHealth: Sendable {
    /// What becomes of a question.
    enum Fate: String, CaseIterable {
        case passed
        case refused
        /// Without an answer that means something.
        case failed
        /// Not asked: too many waited.
        case dropped
    }

    private struct State {
        /// Since the log has said last that it answers again.
        var failures = 0
        /// Whether the log has said since that it does not.
        var isTold = false
        /// When the log may say so again.
        var nextNanoseconds = Int64.min
    }

    /// What the log says.
    struct Words {
        let failed: String
        let answered: String

        static let authority = Words(
            failed: "the application gives no usable answer to who may: requests are refused",
            answered: "the application answers again who may")
        static let create = Words(
            failed: "the application gives no usable answer before uploads begin",
            answered: "the application answers again before uploads begin")
        static let finish = Words(
            failed: "the application gives no usable answer before uploads are finished",
            answered: "the application answers again before uploads are finished")
    }

    private let log: Logger
    private let words: Words
    private let counts = InlineArray<4, Atomic<Int64>> { _ in Atomic(0) }
    private let spent = Atomic<Int64>(0)
    private let state = Mutex(State())

    init(_ words: Words, log: Logger) {
        self.words = words
        self.log = log
    }

    func count(_ fate: Fate) {
        guard let index = Fate.allCases.firstIndex(of: fate), index < counts.count else { return }
        counts[index].wrappingAdd(1, ordering: .relaxed)
    }

    /// How many questions have had this fate.
    func total(_ fate: Fate) -> Int64 {
        Fate.allCases.firstIndex(of: fate).map { counts[$0].load(ordering: .relaxed) } ?? 0
    }

    /// A question was under way for so long.
    func countTime(_ nanoseconds: Int64) { spent.wrappingAdd(nanoseconds, ordering: .relaxed) }

    /// Time that questions were under way, in nanoseconds.
    var spentNanoseconds: Int64 { spent.load(ordering: .relaxed) }

    /// The application has answered. That is told where its failure was: one that fails at some credentials and not at
    /// others fills no log.
    func answered() {
        let failures = state.withLock { state in
            guard state.isTold else { return 0 }
            state.isTold = false
            defer { state.failures = 0 }
            return state.failures
        }
        if failures > 0 {
            log.notice("\(words.answered)", metadata: ["failed": "\(failures)"])
        }
    }

    /// It has not. Of many lines that are alike one a while is written.
    func failed(_ reason: String) {
        let now = SystemClock.monotonicNanoseconds
        let isTold = state.withLock { state in
            state.failures += 1
            guard now >= state.nextNanoseconds else { return false }
            state.nextNanoseconds = now + ServerLimits.authorityLogNanoseconds
            state.isTold = true
            return true
        }
        if isTold {
            log.error("\(words.failed)", metadata: ["error": "\(reason)"])
        }
    }
}
