internal import CEpollShim

/// An epoll instance. Registrations are edge-triggered and name a token; confined to the thread that waits.
public struct Epoll: ~Copyable {
    private let descriptor: FileDescriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int

    /// - Parameter capacity: events taken in one wait, 1 or more.
    public init(capacity: Int) throws(Errno) {
        descriptor = FileDescriptor(owning: try checked { cshim_epoll_create() })
        events = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { events.deallocate() }

    /// Watches `descriptor` for both directions, edge-triggered, until it is closed. `epoll_ctl(2)` EPOLL_CTL_ADD
    ///
    /// - Throws: EPERM for a regular file, EEXIST for one that is watched already, ENOSPC and ENOMEM where the system's
    ///   bound of watches is met.
    public func add(_ descriptor: Int32, token: UInt64) throws(Errno) {
        let interest =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLPRI.rawValue | EPOLLET.rawValue
        try checked { cshim_epoll_ctl(self.descriptor.rawValue, EPOLL_CTL_ADD, descriptor, interest, token) }
    }

    /// Watches a descriptor that is only ever read: an eventfd is always writable, and each reading of it would be told
    /// as another edge. `epoll_ctl(2)` EPOLL_CTL_ADD
    public func addForReading(_ descriptor: Int32, token: UInt64) throws(Errno) {
        let interest = EPOLLIN.rawValue | EPOLLET.rawValue
        try checked { cshim_epoll_ctl(self.descriptor.rawValue, EPOLL_CTL_ADD, descriptor, interest, token) }
    }

    /// Stops watching. A no-op for a descriptor that is not watched. `epoll_ctl(2)` EPOLL_CTL_DEL
    public func remove(_ descriptor: Int32) {
        _ = cshim_epoll_ctl(self.descriptor.rawValue, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// Waits up to `timeoutMilliseconds` (−1: for ever, 0: not at all) for events, at most `capacity` of them; further
    /// ones come with the next call. `epoll_wait(2)`
    ///
    /// A signal may end the wait early, without an event. Any other failure can only be a mistake of this program's (a
    /// closed descriptor, say), and traps.
    ///
    /// Never inlined, so that a profile separates waiting from work.
    ///
    /// - Returns: how many events there are, for `event`.
    @inline(never)
    public func wait(timeoutMilliseconds: Int32) -> Int {
        let count = cshim_epoll_wait(descriptor.rawValue, events, Int32(capacity), timeoutMilliseconds)
        if count > 0 { return Int(count) }
        precondition(count == 0 || count == -EINTR, "epoll_wait failed: \(Errno(rawValue: -count))")
        return 0
    }

    /// What the last wait has found, by a number below what it returned: the token and what is ready.
    public func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        let event = events[index]
        return (event.data.u64, Readiness(event.events))
    }
}
