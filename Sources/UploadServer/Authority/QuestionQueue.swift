internal import Reactor

/// Questions that wait for somebody who asks them. Those about credentials that have passed before come first:
/// strangers, of whom there may be any number, keep nobody waiting who was let in a moment ago. Otherwise first come,
/// first served.
struct QuestionQueue {
    private var known = WaitingLine<AuthorityQuestion>()
    private var unknown = WaitingLine<AuthorityQuestion>()

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
