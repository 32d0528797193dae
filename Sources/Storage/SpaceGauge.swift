internal import LinuxSystem
internal import Synchronization

/// What is left of the file system, asked by a disk thread and kept for a moment: many may want to know, and a file
/// system in trouble may take its time to say.
final class SpaceGauge: Sendable {
    typealias Waiter = UnsafeContinuation<Result<DiskSpace, StorageError>, Never>

    private struct State {
        var last: Result<DiskSpace, StorageError>
        var lastNanoseconds: Int64
        /// Since when somebody asks the file system, nil where nobody does.
        var askedNanoseconds: Int64?
        var waiters: [Waiter] = []
    }

    private let files: StoreFiles
    private let disk: DiskThreads
    private let state: Mutex<State>

    /// Asks for the first time, and waits for that.
    init(files: StoreFiles, disk: DiskThreads) {
        self.files = files
        self.disk = disk
        let first = SpaceGauge.ask(files)
        state = Mutex(State(last: first, lastNanoseconds: SystemClock.monotonicNanoseconds))
    }

    /// The last answer; nil where it was a failure.
    var last: DiskSpace? { try? state.withLock { $0.last }.get() }

    /// Whether, as of the last second, nothing is left but what uploads leave alone. A file system that does not answer
    /// has its say when something is written.
    var isReserveTouched: Bool {
        get async {
            guard files.reserveBytes > 0, let space = try? await space() else { return false }
            return space.bytes <= files.reserveBytes
        }
    }

    /// Whether, as of the last second, so many bytes do not fit beside what uploads leave alone. The same is true of a
    /// file system that does not answer.
    func isTooSmall(for bytes: Int64) async -> Bool {
        guard let space = try? await space() else { return false }
        return space.bytes - files.reserveBytes < bytes
    }

    /// What is left, as of the last second.
    ///
    /// - Throws: `io` where the file system says so, or has not answered anybody for two seconds, or where one of the
    ///   store's directories is not in its place.
    func space() async throws(StorageError) -> DiskSpace {
        let result: Result<DiskSpace, StorageError> = await withUnsafeContinuation { waiter in
            let now = SystemClock.monotonicNanoseconds
            let (answer, asks): (Result<DiskSpace, StorageError>?, Bool) = state.withLock { state in
                if now - state.lastNanoseconds < StorageLimits.spaceKeptNanoseconds { return (state.last, false) }
                if let asked = state.askedNanoseconds, now - asked > StorageLimits.spaceAnswerNanosecondsMax {
                    return (.failure(.io(.timedOut, "ask for free space")), false)
                }
                state.waiters.append(waiter)
                defer { state.askedNanoseconds = state.askedNanoseconds ?? now }
                return (nil, state.askedNanoseconds == nil)
            }
            if let answer { return waiter.resume(returning: answer) }
            if asks, !disk.submit(ClosureJob { [self] in answered(SpaceGauge.ask(files)) }) {
                answered(.failure(.closed))
            }
        }
        return try result.get()
    }

    private func answered(_ result: Result<DiskSpace, StorageError>) {
        let waiters = state.withLock { state in
            state.last = result
            state.lastNanoseconds = SystemClock.monotonicNanoseconds
            state.askedNanoseconds = nil
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    private static func ask(_ files: StoreFiles) -> Result<DiskSpace, StorageError> {
        do throws(StorageError) {
            _ = try files.seePlaces()
            return .success(try files.space())
        } catch { return .failure(error) }
    }
}
