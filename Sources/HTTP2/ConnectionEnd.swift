/// How far a connection has come to its end, and what is to be done about what happens to it. It only goes forward.
///
/// | event          | open      | announced | told   | left    | given up | failed |
/// |----------------|-----------|-----------|--------|---------|----------|--------|
/// | first stop     | announced |           | –      | –       | –        | –      |
/// | second stop    |           | broken    | broken | broken  | broken   | broken |
/// | pong           | –         | told      | –      | –       | –        | –      |
/// | overdue        | terminate | told      | –      | –       | –        | –      |
/// | idle           | told      | told      | –      | –       | –        | –      |
/// | end of input   | left      | left      | left   | –       | –        | –      |
/// | closed         | given up  | given up  | given up | given up | –     | –      |
/// | failed         | failed    | failed    | failed | failed  | failed   | –      |
/// | broken         | broken    | broken    | broken | broken  | broken   | broken |
///
/// A dash is for what changes nothing, and nothing happens to what is broken.
public struct ConnectionEnd: Hashable, Sendable {
    /// How far it has come.
    public enum Stage: Int, Comparable, Sendable {
        /// Streams begin and end.
        case open
        /// The server stops, and the client was told to begin nothing more; what it had sent by then is still heard.
        case announced
        /// The client was told which streams are served to their end.
        case told
        /// The client sends nothing more: bodies that are not whole never will be. What there is to say is still said.
        case left
        /// Nothing that the client sends counts any more, and no stream has anything to wait for. The session's last
        /// words are still sent.
        case givenUp
        /// The same, and the session itself has nothing to say.
        case failed
        /// The connection can carry nothing any more.
        case broken

        public static func < (one: Stage, other: Stage) -> Bool { one.rawValue < other.rawValue }
    }

    /// What happens to it.
    public enum Event: CaseIterable, Sendable {
        /// The server stops; the second time it waits no longer.
        case stop
        /// The client has seen everything that was said by the time of the announcement.
        case pong
        /// A head that has begun, or that sign, has not come in time.
        case overdue
        /// Nothing has happened for long.
        case idle
        /// The client has closed its side.
        case endOfInput
        /// The session reads no more: the client has broken the rules, or both have said good-bye.
        case closed
        /// The session is of no use any more.
        case failed
        /// The socket is of no use any more, or the client reads nothing.
        case broken
    }

    /// What its owner is to do about that.
    public enum Effect: Sendable {
        case none
        /// The client is to be told to begin nothing more, and asked for a sign that it has heard of it.
        case announce
        /// It is to be told which streams are served.
        case tell
        /// It has broken the rules, and is to be told so.
        case terminate
        /// The streams are to know that nothing more of their bodies comes.
        case cut
        /// They are to know that nothing goes either way.
        case lose
    }

    /// Changes by `hear` alone.
    public private(set) var stage = Stage.open
    private var isStopping = false

    /// One that has just begun.
    public init() {}

    /// Answers what is to be done.
    public mutating func hear(_ event: Event) -> Effect {
        switch (event, stage) {
        case (_, .broken): return .none
        case (.stop, _) where isStopping: return advance(to: .broken)
        case (.stop, _):
            isStopping = true
            return stage == .open ? advance(to: .announced) : .none
        case (.pong, .announced), (.overdue, .announced), (.idle, ..<Stage.told): return advance(to: .told)
        case (.overdue, .open): return .terminate
        case (.endOfInput, ..<Stage.left): return advance(to: .left)
        case (.closed, ..<Stage.givenUp): return advance(to: .givenUp)
        case (.failed, ..<Stage.failed): return advance(to: .failed)
        case (.broken, _): return advance(to: .broken)
        case (.pong, _), (.overdue, _), (.idle, _), (.endOfInput, _), (.closed, _), (.failed, _): return .none
        }
    }

    private mutating func advance(to next: Stage) -> Effect {
        let wasLost = stage >= .givenUp
        stage = next
        switch next {
        case .open: return .none
        case .announced: return .announce
        case .told: return .tell
        case .left: return .cut
        case .givenUp, .failed, .broken: return wasLost ? .none : .lose
        }
    }
}
