internal import CEpollShim

/// A kernel counter that wakes a poller. Any thread may signal it; the poller's thread clears it. `eventfd(2)`
public struct EventSignal: ~Copyable, Sendable {
    /// Closed with this value.
    public let descriptor: FileDescriptor

    public init() throws(Errno) { descriptor = FileDescriptor(owning: try checked { cshim_eventfd() }) }

    /// Makes the descriptor readable. It cannot fail while the value lives, but for a counter already full, which
    /// wakes just as well.
    public func signal() { _ = cshim_eventfd_signal(descriptor.rawValue) }

    /// Takes the signals that have come, so that the descriptor is quiet until the next.
    public func clear() { _ = cshim_eventfd_clear(descriptor.rawValue) }
}
