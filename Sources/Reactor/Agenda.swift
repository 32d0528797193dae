/// What a loop has to do without being told from outside: timers, and tasks that let the others go first. Confined to
/// the loop, and shared by it with its watches.
final class Agenda {
    var timers = TimerQueue()
    private var yielded: [UnsafeContinuation<Void, Never>] = []
    private var resuming: [UnsafeContinuation<Void, Never>] = []

    /// Whether a task waits for nothing but its next turn.
    var hasYielded: Bool { !yielded.isEmpty }

    /// To be resumed in the next turn.
    func add(_ task: UnsafeContinuation<Void, Never>) { yielded.append(task) }

    /// Queues the tasks that have let the others go first.
    func resumeYielded() {
        if yielded.isEmpty { return }
        swap(&yielded, &resuming)
        for task in resuming { task.resume() }
        resuming.removeAll(keepingCapacity: true)
    }
}
