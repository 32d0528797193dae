internal import LinuxSystem
internal import Synchronization

/// Reads what lies in files outside the store, on a thread of its own: configuration, certificates, answers to
/// authorities. A file system that does not answer keeps that thread, and nobody else.
final class FileErrands: Sendable {
    /// What reading a small file came to.
    enum FileRead: Sendable {
        /// All of it.
        case bytes([UInt8])
        /// There is no such file, or it is longer, or no regular one, or a link.
        case absent
        /// Too many wait for one, or this one has taken too long.
        case busy
    }

    /// A file that somebody waits for.
    private struct Read {
        let path: String
        let countMax: Int
        let since: Int64
        let continuation: UnsafeContinuation<FileRead, Never>
    }

    private struct Wishes {
        var reload = false
        var look = false
        var end = false
        var hasEnded = false
        /// In the order of asking; nil where nobody waits any more. Those before `first` are done, that one may be
        /// under way.
        var reads: [Read?] = []
        var first = 0

        var waitingCount: Int { reads.count - first }

        /// Who has waited since before that moment is told so, or nobody waits any more.
        mutating func giveUp(before moment: Int64) -> [UnsafeContinuation<FileRead, Never>] {
            var given: [UnsafeContinuation<FileRead, Never>] = []
            for index in first..<reads.count {
                guard let read = reads[index] else { continue }
                if read.since >= moment { break }
                given.append(read.continuation)
                reads[index] = nil
            }
            return given
        }

        /// The read under way is over. Answers who waits for it.
        mutating func endRead() -> UnsafeContinuation<FileRead, Never>? {
            let continuation = reads[first]?.continuation
            reads[first] = nil
            first += 1
            if first == reads.count {
                reads.removeAll(keepingCapacity: false)
                first = 0
            }
            return continuation
        }
    }

    private let reloader: Reloader
    private let service: ServiceManager?
    private let wishes = Mutex(Wishes())
    /// Counts wishes; the thread sleeps on it.
    private let word = Atomic<UInt32>(0)
    private let hasEnded = Atomic<UInt32>(0)
    private let thread = Mutex<SystemThread?>(nil)

    init(reloader: Reloader, service: ServiceManager?) {
        self.reloader = reloader
        self.service = service
    }

    func start() throws(Errno) {
        var started: SystemThread? = try SystemThread(name: "files") { [self] in run() }
        thread.withLock { $0 = started.take() }
    }

    /// Reads configuration and certificates anew, soon. From any thread.
    func reload() { wish { $0.reload = true } }

    /// Looks soon whether certificates were replaced. From any thread.
    func look() { wish { $0.look = true } }

    /// All bytes of a small file; a link at the end of the path is not followed. From any thread.
    func read(_ path: String, countMax: Int) async -> FileRead {
        await withUnsafeContinuation { continuation in
            let read = Read(
                path: path, countMax: countMax, since: SystemClock.monotonicNanoseconds, continuation: continuation)
            let isTaken = wishes.withLock { wishes in
                guard !wishes.hasEnded, wishes.waitingCount < ServerLimits.acmeReadsMax else {
                    return false
                }
                wishes.reads.append(read)
                return true
            }
            guard isTaken else { return continuation.resume(returning: .busy) }
            wish { _ in }
        }
    }

    /// How many wait for a file, or have been told meanwhile that it takes too long.
    var waitingCount: Int { wishes.withLock { $0.waitingCount } }

    /// Tells those who have waited for a file since before `moment` that it takes too long. From any thread.
    func giveUp(before moment: Int64) {
        for given in wishes.withLock({ $0.giveUp(before: moment) }) { given.resume(returning: .busy) }
    }

    /// Ends the thread, after what it was still told to do. Not from a loop, and not from the thread itself.
    ///
    /// - Returns: whether it came to its end in time; nobody waits for its files any more in either case.
    func end(by deadline: Int64) -> Bool {
        wish { $0.end = true }
        while hasEnded.load(ordering: .acquiring) == 0 {
            let left = deadline - SystemClock.monotonicNanoseconds
            if left <= 0 {
                wishes.withLock { $0.hasEnded = true }
                giveUp(before: .max)
                return false
            }
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
        while true {
            let seen = word.load(ordering: .acquiring)
            while readNext() {}
            let (reloads, looks, isEnd) = wishes.withLock { wishes in
                defer { (wishes.reload, wishes.look) = (false, false) }
                // Whoever has asked is answered first.
                if wishes.end, wishes.reads.isEmpty { wishes.hasEnded = true }
                return (wishes.reload, wishes.look, wishes.hasEnded)
            }
            if reloads {
                service?.tell("RELOADING=1", "MONOTONIC_USEC=\(SystemClock.monotonicNanoseconds / 1000)")
                reloader.reload()
                service?.tell("READY=1")
            } else if looks {
                reloader.look()
            }
            if isEnd { return }
            Futex.wait(word, while: seen)
        }
    }

    /// Reads the file that was asked for first. Answers false where nobody has asked for one.
    private func readNext() -> Bool {
        let next: (read: Read?, isThere: Bool) = wishes.withLock { wishes in
            wishes.first < wishes.reads.count ? (wishes.reads[wishes.first], true) : (nil, false)
        }
        guard next.isThere else { return false }
        let bytes = next.read.flatMap { read in
            try? FileContent.bytes(path: FilePath(read.path), countMax: read.countMax, followingLinks: false)
        }
        wishes.withLock { $0.endRead() }?.resume(returning: bytes.map { .bytes($0) } ?? .absent)
        return true
    }
}
