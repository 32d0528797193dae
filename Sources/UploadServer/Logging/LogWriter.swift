public import LinuxSystem
internal import Synchronization

/// Gets log lines out of the process without making their writers wait: lines gather in memory, a thread of its own
/// writes them to a descriptor.
///
/// When the reader of that descriptor falls behind, memory stays bounded (`ServerLimits.logBytesMax`) and lines are
/// dropped, and counted, instead.
public final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
    }

    private let state = Mutex(State())
    private let generation = Atomic<UInt32>(0)
    private let closing = Atomic<UInt32>(0)
    private let written = Atomic<UInt32>(0)
    private let descriptor: Int32

    /// - Parameter descriptor: stays open while the process lives (standard error, usually).
    public init(descriptor: Int32) throws(Errno) {
        self.descriptor = descriptor
        _ = try SystemThread(name: "log") { [self] in run() }
    }

    /// Takes one whole line, with its newline. From any thread; never waits for the descriptor.
    public func write(_ line: [UInt8]) {
        let wakes = state.withLock { state in
            guard state.pending.count + line.count <= ServerLimits.logBytesMax else {
                state.dropped += 1
                return false
            }
            state.pending.append(contentsOf: line)
            return state.pending.count == line.count
        }
        if wakes { wake() }
    }

    /// Waits until everything taken so far is written, and ends the thread; but not for long
    /// (`ServerLimits.logCloseNanoseconds`) for a reader who does not read: then the rest is lost, and the thread stays
    /// until the process ends. Lines that come later are lost.
    public func close() {
        closing.store(1, ordering: .releasing)
        Futex.wake(closing, count: 1)
        wake()
        let end = SystemClock.monotonicNanoseconds + ServerLimits.logCloseNanoseconds
        while written.load(ordering: .acquiring) == 0, case let left = end - SystemClock.monotonicNanoseconds, left > 0
        {
            Futex.wait(written, while: 0, nanosecondsMax: left)
        }
    }

    private func wake() {
        generation.wrappingAdd(1, ordering: .releasing)
        Futex.wake(generation, count: 1)
    }

    private func run() {
        var batch: [UInt8] = []
        while true {
            let seen = generation.load(ordering: .acquiring)
            let isClosing = closing.load(ordering: .acquiring) == 1
            let dropped = state.withLock { state in
                swap(&state.pending, &batch)
                defer { state.dropped = 0 }
                return state.dropped
            }
            if dropped > 0 {
                batch.append(contentsOf: Array("(\(dropped) log lines dropped: the reader is too slow)\n".utf8))
            }
            if !batch.isEmpty {
                SystemProcess.write(batch, to: descriptor)
                batch.removeAll(keepingCapacity: batch.capacity <= 1 << 16)
            }
            if isClosing { break }
            Futex.wait(generation, while: seen)
            // Lines gather a moment: waking this thread for each would cost their writers more than the line does.
            Futex.wait(closing, while: 0, nanosecondsMax: ServerLimits.logGatherNanoseconds)
        }
        written.store(1, ordering: .releasing)
        Futex.wake(written, count: Int32.max)
    }
}
