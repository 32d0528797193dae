/// What came of an attempt to tell somebody of an event.
enum DeliveryOutcome {
    case taken
    /// It is not taken now; one line that says why.
    case refused(String)
    /// Nobody was there.
    case unreachable(String, retryNanoseconds: Int64?)
    /// The target is gone for good.
    case gone

    var isTaken: Bool { if case .taken = self { true } else { false } }
}
