internal import CEpollShim

/// A kernel counter that wakes a poller. Any thread may signal it, and each signal is an
/// edge to a poller that watches it edge-triggered, so nobody needs to read it. `eventfd(2)`
public struct EventSignal: ~Copyable, Sendable {
    /// Closed with this value.
    public let descriptor: FileDescriptor

    public init() throws(Errno) { descriptor = FileDescriptor(owning: try checked { cshim_eventfd() }) }

    /// Makes the descriptor readable. It cannot fail while the value lives, but for a counter already full, which
    /// wakes just as well.
    public func signal() { _ = cshim_eventfd_signal(descriptor.rawValue) }
}
