internal import CEpollShim

/// The line to whoever started this process as a service and wants to know how it does. `sd_notify(3)`
public final class ServiceManager: Sendable {
    private let descriptor: FileDescriptor
    /// The manager gives the service up when it has not heard `WATCHDOG=1` for so many nanoseconds; nil where it does
    /// not wait for that. `sd_watchdog_enabled(3)`
    public let watchdogNanoseconds: Int64?

    /// Nil where nobody wants to know. The variables that tell of the manager are taken out of the environment. On the
    /// main thread, once, before any other thread runs.
    ///
    /// - Throws: where the manager's socket cannot be reached.
    public static func connected() throws(Errno) -> ServiceManager? {
        let process = Environment.take("WATCHDOG_PID").map { Int32($0) == cshim_process_number() } ?? true
        let microseconds = Environment.take("WATCHDOG_USEC").flatMap { Int64($0) }.map { min($0, .max / 1000) } ?? 0
        guard let name = Environment.take("NOTIFY_SOCKET"), !name.isEmpty else { return nil }
        let descriptor = FileDescriptor(owning: try checked { cshim_datagram_connect(name) })
        return ServiceManager(descriptor, watchdogNanoseconds: process && microseconds > 0 ? microseconds * 1000 : nil)
    }

    private init(_ descriptor: consuming FileDescriptor, watchdogNanoseconds: Int64?) {
        self.descriptor = descriptor
        self.watchdogNanoseconds = watchdogNanoseconds
    }

    /// Sends one message of `NAME=value` assignments. Waits a second at most; what cannot be sent is dropped, since
    /// there is nobody else to tell. From any thread but a loop's.
    public func tell(_ assignments: String...) {
        let bytes = Array(assignments.joined(separator: "\n").utf8)
        _ = bytes.withUnsafeBytes { cshim_send(descriptor.rawValue, $0.baseAddress, $0.count) }
    }
}
