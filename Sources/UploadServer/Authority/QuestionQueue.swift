/// Questions that wait for somebody who asks them. Those about credentials that have passed before come first:
/// strangers, of whom there may be any number, keep nobody waiting who was let in a moment ago. Otherwise first come,
/// first served.
struct QuestionQueue {
    private struct Line {
        private var questions: [AuthorityQuestion] = []
        private var first = 0

        var count: Int { questions.count - first }

        mutating func append(_ question: AuthorityQuestion) { questions.append(question) }

        mutating func popFirst() -> AuthorityQuestion? {
            guard first < questions.count else { return nil }
            first += 1
            let question = questions[first - 1]
            // The front is given up when it is as long as the rest: each moves once or twice.
            if first * 2 >= questions.count {
                questions.removeSubrange(..<first)
                first = 0
            }
            return question
        }
    }

    private var known = Line()
    private var unknown = Line()

    var count: Int { known.count + unknown.count }

    /// Takes a question in, unless as many wait as may: each kind has half of the room.
    ///
    /// - Parameter isKnown: whether its credential has passed before.
    mutating func append(_ question: AuthorityQuestion, isKnown: Bool) -> Bool {
        guard (isKnown ? known : unknown).count < ServerLimits.authorityQueueMax / 2 else { return false }
        if isKnown { known.append(question) } else { unknown.append(question) }
        return true
    }

    mutating func popFirst() -> AuthorityQuestion? { known.popFirst() ?? unknown.popFirst() }
}
