internal import LinuxSystem
internal import Synchronization

/// A queue with one consuming thread, which takes everything that has gathered while it worked.
final class BatchQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var isAsleep = false
        var isStirred = false
        var isStopping = false
    }

    private let state = Mutex(State())
    private let word = Atomic<UInt32>(0)

    /// False once the queue is stopping: the element was not taken.
    func send(_ element: Element) -> Bool { send { $0.append(element) } }

    /// The same for several, which the consumer gets at once, one behind the other.
    func send(all elements: [Element]) -> Bool { send { $0 += elements } }

    private func send(_ add: (inout [Element]) -> Void) -> Bool {
        let (isTaken, wakes) = state.withLock { state in
            if state.isStopping { return (false, false) }
            add(&state.elements)
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if wakes { wake() }
        return isTaken
    }

    /// Has the consumer look around, also where there is nothing for it: its call of `next` answers, or its next one.
    func stir() {
        let wakes = state.withLock { state in
            state.isStirred = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if wakes { wake() }
    }

    /// Waits for elements and takes them all, in order; none when the time is over or somebody has stirred, nil once
    /// the queue has stopped and is empty.
    func next(nanosecondsMax: Int64? = nil) -> [Element]? {
        let end = nanosecondsMax.map { SystemClock.monotonicNanoseconds + $0 }
        while true {
            let step: (batch: [Element], hasEnded: Bool, isStirred: Bool) = state.withLock { state in
                defer { state.isStirred = false }
                if state.elements.isEmpty {
                    if state.isStopping { return ([], true, false) }
                    if state.isStirred { return ([], false, true) }
                    word.store(0, ordering: .relaxed)
                    state.isAsleep = true
                    return ([], false, false)
                }
                defer { state.elements = [] }
                return (state.elements, false, false)
            }
            if step.hasEnded { return nil }
            if !step.batch.isEmpty || step.isStirred { return step.batch }
            while word.load(ordering: .acquiring) == 0 {
                guard let end else {
                    Futex.wait(word, while: 0)
                    continue
                }
                let left = end - SystemClock.monotonicNanoseconds
                if left <= 0 { return [] }
                Futex.wait(word, while: 0, nanosecondsMax: left)
            }
        }
    }

    /// Takes no more; the consumer gets what is there, then nil.
    func stop() {
        let wakes = state.withLock { state in
            state.isStopping = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if wakes { wake() }
    }

    private func wake() {
        word.store(1, ordering: .releasing)
        Futex.wake(word, count: 1)
    }
}
