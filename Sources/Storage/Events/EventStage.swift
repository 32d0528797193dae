/// How far a finished file is on its way to the place where it was promised. Only with such a place is there a way.
public enum EventStage: Sendable, Equatable {
    /// The event is for everybody who wants to know.
    case told
    /// The file is whole here, and is to be brought to its place; only then anybody is told.
    case leaving
    /// It is in its place, and others may be told; this event is what is left to be done here.
    case placed

    /// What stands for `leaving` in the catalogue, where kinds of events stand: programs of before pass over it.
    static let leavingNumber: Int64 = 32
    /// Likewise for `placed`.
    static let placedNumber: Int64 = 64
    /// What the place waits for.
    static let bits = leavingNumber | placedNumber

    init(number: Int64) {
        switch number {
        case EventStage.leavingNumber: self = .leaving
        case EventStage.placedNumber: self = .placed
        default: self = .told
        }
    }
}
