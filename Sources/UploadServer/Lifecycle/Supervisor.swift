internal import LinuxSystem
internal import Logging
internal import Reactor
internal import Synchronization
internal import TLS

/// Looks after the server from a thread of its own: feels the loops' pulse, tells the service manager how things are,
/// and reads certificates anew. Nothing that it waits for keeps a loop waiting.
final class Supervisor: Sendable {
    private struct Wishes {
        var reload = false
        var tellsStopping = false
        var end = false
    }

    private let pulses: [LoopPulse]
    private let certificates: CertificateSource?
    private let service: ServiceManager?
    private let log: ServerLog
    /// How often it looks, in nanoseconds.
    private let periodNanoseconds: Int64
    private let wishes = Mutex(Wishes())
    /// Counts wishes; the thread sleeps on it.
    private let word = Atomic<UInt32>(0)
    private let thread = Mutex<SystemThread?>(nil)

    init(
        loops: [EventLoop], certificates: CertificateSource?, certificateCheckNanoseconds: Int64,
        service: ServiceManager?, log: ServerLog
    ) {
        pulses = loops.map { LoopPulse($0) }
        self.certificates = certificates
        self.service = service
        self.log = log
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

    /// Reads the certificate anew, soon. From any thread.
    func reload() { wish { $0.reload = true } }

    /// Tells the service manager that the server stops. From any thread.
    func tellStopping() { wish { $0.tellsStopping = true } }

    /// Ends the thread, after what it was still told to do. Not from a loop, and not from the thread itself.
    func end() {
        wish { $0.end = true }
        let thread = thread.withLock { $0.take() }
        thread?.join()
    }

    private func wish(_ change: (inout Wishes) -> Void) {
        wishes.withLock { change(&$0) }
        word.wrappingAdd(1, ordering: .releasing)
        Futex.wake(word, count: 1)
    }

    private func run() {
        var next = SystemClock.monotonicNanoseconds
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
        if let certificates { report(certificates.reload(isAsked: false), isAsked: false) }
    }

    private func reloadNow() {
        service?.tell("RELOADING=1", "MONOTONIC_USEC=\(SystemClock.monotonicNanoseconds / 1000)")
        if let certificates {
            report(certificates.reload(isAsked: true), isAsked: true)
        } else {
            log.logger.info("nothing to reload: there are no certificate files")
        }
        service?.tell("READY=1")
    }

    private func report(_ outcome: CertificateSource.Outcome, isAsked: Bool) {
        switch outcome {
        case .unchanged: if isAsked { log.logger.info("certificate read anew: it is the same") }
        case .unsettled: break
        case .replaced(let context):
            log.logger.notice(
                "new certificate", metadata: ["fingerprint": "\(context.certificateFingerprint)"])
        case .refused(let error):
            log.logger.error("new certificate refused, the old one goes on", metadata: ["error": "\(error)"])
        }
    }
}
