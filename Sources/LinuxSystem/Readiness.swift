internal import CEpollShim

/// What a descriptor became ready for.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A read will not block: bytes, the end of the stream, or an error waits.
    public static let readable = Readiness(rawValue: 1)
    /// A write will not block, or will fail at once.
    public static let writable = Readiness(rawValue: 2)
    /// The peer has shut down its sending side, or the connection is gone.
    public static let peerClosed = Readiness(rawValue: 4)
    /// There is a mark in the stream, an urgent byte of TCP's, at which a read stops short although more may wait.
    public static let marked = Readiness(rawValue: 8)

    init(_ events: UInt32) {
        var readiness: Readiness = []
        let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue
        if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | broken) != 0 { readiness.insert(.readable) }
        if events & (EPOLLOUT.rawValue | broken) != 0 { readiness.insert(.writable) }
        if events & (EPOLLRDHUP.rawValue | broken) != 0 { readiness.insert(.peerClosed) }
        if events & EPOLLPRI.rawValue != 0 { readiness.formUnion([.marked, .readable]) }
        self = readiness
    }
}
