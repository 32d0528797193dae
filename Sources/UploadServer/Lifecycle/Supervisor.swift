internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// Looks after the server from a thread of its own: feels the loops' pulse, tells the service manager how things are,
/// and reads configuration and certificates anew. Nothing that it waits for keeps a loop waiting.
final class Supervisor: Sendable {
    /// What reading a small file came to.
    enum FileRead: Sendable {
        /// All of it.
        case bytes([UInt8])
        /// There is no such file, or it is longer, or no regular one, or a link.
        case absent
        /// Too many wait for one.
        case busy
    }

    /// A file that somebody waits for.
    private struct Read {
        let path: String
        let countMax: Int
        let continuation: UnsafeContinuation<FileRead, Never>
    }

    private struct Wishes {
        var reload = false
        var tellsStopping = false
        var end = false
        var hasEnded = false
        var reads: [Read] = []
    }

    private let pulses: [LoopPulse]
    private let reloader: Reloader
    private let service: ServiceManager?
    /// How often it looks, in nanoseconds.
    private let periodNanoseconds: Int64
    private let wishes = Mutex(Wishes())
    /// Counts wishes; the thread sleeps on it.
    private let word = Atomic<UInt32>(0)
    private let hasEnded = Atomic<UInt32>(0)
    private let thread = Mutex<SystemThread?>(nil)

    init(
        loops: [EventLoop], reloader: Reloader, certificateCheckNanoseconds: Int64, service: ServiceManager?
    ) {
        pulses = loops.map { LoopPulse($0) }
        self.reloader = reloader
        self.service = service
        // Three beats to the manager's patience: one may come late, and one may be lost.
        let watchdog = service?.watchdogNanoseconds.map { $0 / 3 } ?? .max
        periodNanoseconds = max(1_000_000, min(watchdog, certificateCheckNanoseconds))
    }

    func start() throws(Errno) {
        var started: SystemThread? = try SystemThread(name: "supervisor") { [self] in run() }
        thread.withLock { $0 = started.take() }
    }

    /// How long each loop takes to get to what it is given, in nanoseconds.
    var lags: [Int64] { pulses.map(\.lag) }

    /// Connections are accepted: the service has started. Before `start`.
    func tellReady(_ status: String) { service?.tell("READY=1", "STATUS=\(status)") }

    /// Reads configuration and certificates anew, soon. From any thread.
    func reload() { wish { $0.reload = true } }

    /// All bytes of a small file; a link at the end of the path is not followed. From any thread.
    func read(_ path: String, countMax: Int) async -> FileRead {
        await withUnsafeContinuation { continuation in
            let read = Read(path: path, countMax: countMax, continuation: continuation)
            let isTaken = wishes.withLock { wishes in
                guard !wishes.hasEnded, wishes.reads.count < ServerLimits.acmeReadsMax else { return false }
                wishes.reads.append(read)
                return true
            }
            guard isTaken else { return continuation.resume(returning: .busy) }
            wish { _ in }
        }
    }

    /// Tells the service manager that the server stops. From any thread.
    func tellStopping() { wish { $0.tellsStopping = true } }

    /// Ends the thread, after what it was still told to do. Not from a loop, and not from the thread itself.
    ///
    /// - Returns: whether it came to its end in time: it may hang on a file that nothing answers for.
    func end(by deadline: Int64) -> Bool {
        wish { $0.end = true }
        while hasEnded.load(ordering: .acquiring) == 0 {
            let left = deadline - SystemClock.monotonicNanoseconds
            if left <= 0 { return false }
            Futex.wait(hasEnded, while: 0, nanosecondsMax: left)
        }
        let thread = thread.withLock { $0.take() }
        thread?.join()
        return true
    }

    private func wish(_ change: (inout Wishes) -> Void) {
        wishes.withLock { change(&$0) }
        word.wrappingAdd(1, ordering: .releasing)
        Futex.wake(word, count: 1)
    }

    private func run() {
        defer {
            hasEnded.store(1, ordering: .releasing)
            Futex.wake(hasEnded, count: 1)
        }
        var next = SystemClock.monotonicNanoseconds
        while true {
            let seen = word.load(ordering: .acquiring)
            let wanted = wishes.withLock { wishes in
                defer { wishes = Wishes(hasEnded: wishes.end) }
                return wishes
            }
            if wanted.tellsStopping {
                let patience = (ServerLimits.stopNanoseconds + ServerLimits.stopMarginNanoseconds) / 1000
                service?.tell("STOPPING=1", "STATUS=Settling uploads", "EXTEND_TIMEOUT_USEC=\(patience)")
            }
            for read in wanted.reads {
                let bytes = try? FileContent.bytes(
                    path: FilePath(read.path), countMax: read.countMax, followingLinks: false)
                read.continuation.resume(returning: bytes.map { .bytes($0) } ?? .absent)
            }
            if wanted.reload { reloadNow() }
            if wanted.end { return }
            let now = SystemClock.monotonicNanoseconds
            if now >= next {
                look()
                next = now + periodNanoseconds
            }
            Futex.wait(word, while: seen, nanosecondsMax: max(1, next - SystemClock.monotonicNanoseconds))
        }
    }

    private func look() {
        // Every loop is asked, whatever the others say.
        let alive = pulses.map { $0.beat() }
        if alive.allSatisfy({ $0 }), service?.watchdogNanoseconds != nil { service?.tell("WATCHDOG=1") }
        reloader.look()
    }

    private func reloadNow() {
        service?.tell("RELOADING=1", "MONOTONIC_USEC=\(SystemClock.monotonicNanoseconds / 1000)")
        reloader.reload()
        service?.tell("READY=1")
    }
}
