internal import LinuxSystem

/// One connection's place among those that may be open at once. It is held as long as it exists: whoever lets the
/// connection go gives it back, and nobody can earlier. Noncopyable, so that it is given back once.
struct ConnectionSlot: ~Copyable, Sendable {
    private let admission: Admission
    private let listenerKind: ListenerKind
    /// What the connection is counted for besides the total.
    private let network: ClientNetwork?

    /// Only `Admission` makes one, when it has counted it.
    init(_ admission: Admission, _ listenerKind: ListenerKind, _ network: ClientNetwork?) {
        self.admission = admission
        self.listenerKind = listenerKind
        self.network = network
    }

    /// A place of the same kind, for a stream of the connection; nil where there is no room.
    func another() -> ConnectionSlot? { admission.admitsStream(listenerKind, network) }

    deinit { admission.left(listenerKind, network) }
}
