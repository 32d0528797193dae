internal import CEpollShim

/// A running thread of the system. Its owner joins it; letting go of it without that leaves it to run on its own.
public struct SystemThread: ~Copyable, Sendable {
    private let handle: UInt

    /// Starts a thread that runs `body` once. `pthread_create(3)`
    ///
    /// - Parameter name: shown by ps and perf; 15 bytes are kept.
    public init(name: String, _ body: sending @escaping () -> Void) throws(Errno) {
        let context = Unmanaged.passRetained(Body(name: name, run: body))
        var thread = pthread_t()
        let result = cshim_thread_start(
            &thread,
            { context in
                let body = Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
                cshim_thread_set_name(body.name)
                body.run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw Errno(rawValue: -result)
        }
        handle = UInt(thread)
    }

    /// Nobody will join it: the system takes its memory back when it ends. `pthread_detach(3)`
    deinit { cshim_thread_detach(pthread_t(handle)) }

    /// Waits until the thread has ended. `pthread_join(3)`
    public consuming func join() {
        cshim_thread_join(pthread_t(handle))
        discard self
    }

    /// A number that is the calling thread's own while it lives. `pthread_self(3)`
    public static var current: UInt { UInt(cshim_thread_current()) }

    private final class Body {
        let name: String
        let run: () -> Void
        init(name: String, run: @escaping () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
