internal import LinuxSystem

/// One connection's place among those that may be open at once. It is held as long as it exists: whoever lets the
/// connection go gives it back, and nobody can earlier. Noncopyable, so that it is given back once.
struct ConnectionSlot: ~Copyable, Sendable {
    private let admission: Admission
    private let listenerKind: ListenerKind
    /// What the connection is counted for besides the total.
    private var network: ClientNetwork?

    /// Only `Admission` makes one, when it has counted it.
    init(_ admission: Admission, _ listenerKind: ListenerKind, _ network: ClientNetwork?) {
        self.admission = admission
        self.listenerKind = listenerKind
        self.network = network
    }

    /// A place of the same kind, for a stream of the connection; nil where there is no room.
    func another() -> ConnectionSlot? { admission.admitsStream(listenerKind, network) }

    /// Counts the connection for another address: a proxy has said whose it is. Answers whether there is room for that;
    /// where not, `socket` is told so, and the caller closes it.
    mutating func belongs(to client: SocketAddress?, _ socket: borrowing Socket) -> Bool {
        let (isAdmitted, next) = admission.moves(from: network, to: client, listenerKind, socket)
        network = next
        return isAdmitted
    }

    deinit { admission.left(listenerKind, network) }
}
