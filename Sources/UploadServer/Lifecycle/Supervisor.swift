internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// Looks after the server from a thread of its own: feels the loops' pulse and tells the service manager how things
/// are. It waits for no file, which another thread does (`FileErrands`): a file system that does not answer silences
/// nobody.
final class Supervisor: Sendable {
    private struct Wishes {
        var tellsStopping = false
        var end = false
    }

    private let pulses: [LoopPulse]
    private let service: ServiceManager?
    private let errands: FileErrands
    /// How often it looks, in nanoseconds.
    private let periodNanoseconds: Int64
    /// How often certificates are looked at, in nanoseconds.
    private let certificateCheckNanoseconds: Int64
    private let wishes = Mutex(Wishes())
    /// Counts wishes; the thread sleeps on it.
    private let word = Atomic<UInt32>(0)
    private let thread = Mutex<SystemThread?>(nil)

    init(
        loops: [EventLoop], reloader: Reloader, certificateCheckNanoseconds: Int64, service: ServiceManager?
    ) {
        pulses = loops.map { LoopPulse($0) }
        errands = FileErrands(reloader: reloader, service: service)
        self.service = service
        self.certificateCheckNanoseconds = max(1_000_000, min(certificateCheckNanoseconds, .max / 2))
        // Three beats to the manager's patience: one may come late, and one may be lost.
        let watchdog = service?.watchdogNanoseconds.map { $0 / 3 } ?? .max
        periodNanoseconds = max(1_000_000, min(watchdog, certificateCheckNanoseconds, ServerLimits.beatNanoseconds))
    }

    func start() throws(Errno) {
        try errands.start()
        var started: SystemThread? = try SystemThread(name: "supervisor") { [self] in run() }
        thread.withLock { $0 = started.take() }
    }

    /// How long each loop takes to get to what it is given, in nanoseconds.
    var lags: [Int64] { pulses.map(\.lag) }

    /// Connections are accepted: the service has started. Before `start`.
    func tellReady(_ status: String) { service?.tell("READY=1", "STATUS=\(status)") }

    /// Reads configuration and certificates anew, soon. From any thread.
    func reload() { errands.reload() }

    /// All bytes of a small file; a link at the end of the path is not followed. Waits a bounded while. From any
    /// thread.
    func read(_ path: String, countMax: Int) async -> FileErrands.FileRead {
        await errands.read(path, countMax: countMax)
    }

    /// Tells the service manager that the server stops. From any thread.
    func tellStopping() { wish { $0.tellsStopping = true } }

    /// Ends its threads, after what they were still told to do. Not from a loop, and not from the threads themselves.
    ///
    /// - Returns: whether they came to their end in time: one may hang on a file that nothing answers for. Nobody needs
    ///   it any more.
    func end(by deadline: Int64) -> Bool {
        wish { $0.end = true }
        let thread = thread.withLock { $0.take() }
        thread?.join()
        return errands.end(by: deadline)
    }

    private func wish(_ change: (inout Wishes) -> Void) {
        wishes.withLock { change(&$0) }
        word.wrappingAdd(1, ordering: .releasing)
        Futex.wake(word, count: 1)
    }

    private func run() {
        var (next, nextCheck) = (SystemClock.monotonicNanoseconds, SystemClock.monotonicNanoseconds)
        while true {
            let seen = word.load(ordering: .acquiring)
            let wanted = wishes.withLock { wishes in
                defer { wishes = Wishes() }
                return wishes
            }
            if wanted.tellsStopping {
                let patience = (ServerLimits.stopNanoseconds + ServerLimits.stopMarginNanoseconds) / 1000
                service?.tell("STOPPING=1", "STATUS=Settling uploads", "EXTEND_TIMEOUT_USEC=\(patience)")
            }
            if wanted.end { return }
            let now = SystemClock.monotonicNanoseconds
            if now >= next {
                beat(now)
                next = now + periodNanoseconds
            }
            if now >= nextCheck {
                errands.look()
                nextCheck = now + certificateCheckNanoseconds
            }
            Futex.wait(word, while: seen, nanosecondsMax: max(1, next - SystemClock.monotonicNanoseconds))
        }
    }

    private func beat(_ now: Int64) {
        // Every loop is asked, whatever the others say.
        let alive = pulses.map { $0.beat() }
        if alive.allSatisfy({ $0 }), service?.watchdogNanoseconds != nil { service?.tell("WATCHDOG=1") }
        errands.giveUp(before: now - ServerLimits.acmeReadNanoseconds)
    }
}
