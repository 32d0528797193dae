internal import CEpollShim

/// Process signals as readable events. `signalfd(2)`
public struct Signals: ~Copyable, Sendable {
    /// The signals a server listens to, by their numbers.
    public enum Name: Int32, Sendable {
        case hangUp = 1
        case interrupt = 2
        case terminate = 15
    }

    /// Readable while a signal waits; closed with this value.
    public let descriptor: FileDescriptor

    /// Blocks `names` for the calling thread and for every thread that it starts later, so call it first, on the main
    /// thread. SIGPIPE and SIGXFSZ are ignored from here on: writing to a connection that is gone, or beyond the
    /// longest file that is allowed, is an error of that write and no more.
    public init(_ names: [Name]) throws(Errno) {
        cshim_ignore_write_signals()
        let numbers = names.map(\.rawValue)
        descriptor = FileDescriptor(owning: try checked { cshim_signalfd(numbers, Int32(numbers.count)) })
    }

    /// Lets SIGTERM and SIGINT end the process again, as they do where nobody listens; one that waits does so at once.
    public func letThrough() { cshim_unblock_endings() }

    /// The next signal that has arrived, nil when there is none. Non-blocking.
    public func next() -> Name? {
        let number = cshim_signalfd_next(descriptor.rawValue)
        return number > 0 ? Name(rawValue: number) : nil
    }
}
