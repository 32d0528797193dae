internal import LinuxSystem
internal import Synchronization

/// The files of a run: which are still to be sent, which are under way, what became of the others. Usable from any
/// thread.
final class UploadQueue: Sendable {
    private struct State {
        var next = 0
        /// By number: those that are not told of yet, under way or dealt with.
        var active: Set<Int> = []
        var done: [Int: Result<String, UploadFailure>] = [:]
        /// All before this one are told of.
        var told = 0
        var workers = 0
        var isStopped = false
    }

    private let items: [UploadItem]
    private let report: @Sendable (UploadRun.Outcome) -> Void
    private let state = Mutex(State())
    private let over = Atomic<UInt32>(0)

    init(_ items: [UploadItem], report: @escaping @Sendable (UploadRun.Outcome) -> Void) {
        self.items = items
        self.report = report
    }

    /// The next file to be sent; nil where there is none, or no more are to be sent.
    func next() -> (index: Int, item: UploadItem)? {
        state.withLock { state in
            guard !state.isStopped, state.next < items.count else { return nil }
            defer { state.next += 1 }
            state.active.insert(state.next)
            return (state.next, items[state.next])
        }
    }

    /// A file is dealt with. Tells of it, and of those behind that waited for it. On the loop's thread.
    func settle(_ index: Int, _ result: Result<String, UploadFailure>) {
        for outcome in settled(index, result) { report(outcome) }
    }

    private func settled(_ index: Int, _ result: Result<String, UploadFailure>) -> [UploadRun.Outcome] {
        state.withLock { state in
            guard state.active.remove(index) != nil else { return [] }
            state.done[index] = result
            var outcomes: [UploadRun.Outcome] = []
            while let result = state.done.removeValue(forKey: state.told) {
                outcomes.append(UploadRun.Outcome(item: items[state.told], result: result))
                state.told += 1
            }
            return outcomes
        }
    }

    /// Tells of all that was begun: what is not dealt with now has failed, each in its way. On the loop's thread.
    func stop(_ failure: (UploadItem) -> UploadFailure) {
        let outcomes: [UploadRun.Outcome] = state.withLock { state in
            state.isStopped = true
            defer {
                state.active = []
                state.done = [:]
            }
            return (state.told..<state.next).map { index in
                UploadRun.Outcome(item: items[index], result: state.done[index] ?? .failure(failure(items[index])))
            }
        }
        for outcome in outcomes { report(outcome) }
        end()
    }

    /// A worker has found nothing more to do: with the last file told of, all is over.
    func workerEnded() {
        if state.withLock({ $0.told == items.count }) { end() }
    }

    var isOver: Bool { over.load(ordering: .acquiring) != 0 }

    /// All is over.
    func end() {
        over.store(1, ordering: .releasing)
        Futex.wake(over, count: 1)
    }

    /// Blocks until all is over.
    func wait() { while !isOver { Futex.wait(over, while: 0) } }
}
