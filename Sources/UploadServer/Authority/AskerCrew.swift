internal import Reactor

/// Those who ask the questions of one desk, each a task with a connection of its own. Part of the desk's state, under
/// its lock.
struct AskerCrew {
    /// How a question gets to somebody who asks it.
    enum Way {
        /// Whoever is busy takes it next.
        case none
        case wakes(EventToken)
        case begins
    }

    /// The one that was busy last at the end.
    private var resting: [EventToken] = []
    private var count = 0

    /// A question has come.
    ///
    /// - Parameter countMax: of askers.
    mutating func call(countMax: Int) -> Way {
        if let token = resting.popLast() { return .wakes(token) }
        guard count < countMax else { return .none }
        count += 1
        return .begins
    }

    /// Nothing is left to ask.
    mutating func rests(_ token: EventToken) { resting.append(token) }

    /// An asker has rested for long. Answers whether it may go: a question may have come at the last moment.
    mutating func leaves(_ token: EventToken) -> Bool {
        guard let index = resting.firstIndex(of: token) else { return false }
        resting.remove(at: index)
        count -= 1
        return true
    }
}
