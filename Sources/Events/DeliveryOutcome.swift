/// What came of an attempt to tell somebody of an event.
public enum DeliveryOutcome: Sendable {
    /// It is done.
    case taken
    /// It is not taken now; one line that says why.
    case refused(String)
    /// Nobody was there, or the trouble is not this event's: all others wait as well.
    ///
    /// - Parameter retryNanoseconds: how long the target asks to stay away.
    case unreachable(String, retryNanoseconds: Int64?)
    /// The target is gone for good.
    case gone
    /// This server cannot do it now; no fault of the target's.
    case unready

    var isTaken: Bool { if case .taken = self { true } else { false } }
}
