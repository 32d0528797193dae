internal import CEpollShim

/// Process signals as readable events. `signalfd(2)`
public struct Signals: ~Copyable, Sendable {
    public enum Name: Int32, Sendable {
        case hangUp = 1
        case interrupt = 2
        case terminate = 15
    }

    public let descriptor: FileDescriptor

    /// Blocks `names` for the calling thread and for every thread that it starts later, so call it first, on the main
    /// thread. SIGPIPE is ignored from here on, too.
    public init(_ names: [Name]) throws(Errno) {
        cshim_ignore_sigpipe()
        let numbers = names.map(\.rawValue)
        descriptor = FileDescriptor(owning: try checked { cshim_signalfd(numbers, Int32(numbers.count)) })
    }

    /// The next signal that has arrived, nil when there is none. Non-blocking.
    public func next() -> Name? {
        let number = cshim_signalfd_next(descriptor.rawValue)
        return number > 0 ? Name(rawValue: number) : nil
    }
}
