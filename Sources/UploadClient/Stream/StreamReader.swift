internal import LinuxSystem
internal import Synchronization

/// Reads a stream (standard input) piece by piece on a thread of its own: the next one while the last is being sent,
/// and no further. Usable from any thread, by one reader.
final class StreamReader: Sendable {
    private enum Slot {
        case empty
        case awaited(UnsafeContinuation<Result<StreamChunk, AttemptError>, Never>)
        case full(Result<StreamChunk, AttemptError>)
    }

    private let descriptor: Int32
    private let chunkBytes: Int
    private let slot = Mutex(Slot.empty)
    /// Raised with each piece that is taken; the thread waits for it before it reads the next.
    private let taken = Atomic<UInt32>(0)

    /// - Parameters:
    ///   - descriptor: stays open.
    ///   - chunkBytes: of one piece; rounded up to a page.
    init(descriptor: Int32, chunkBytes: Int) throws(Errno) {
        self.descriptor = descriptor
        self.chunkBytes =
            (chunkBytes + AlignedBuffer.alignment - 1) / AlignedBuffer.alignment * AlignedBuffer.alignment
        _ = try SystemThread(name: "stream") { [self] in run() }
    }

    /// The next piece; may be empty if it is the last one. Not to be called again after that, or after a failure.
    func next() async -> Result<StreamChunk, AttemptError> {
        await withUnsafeContinuation { continuation in
            let ready: Result<StreamChunk, AttemptError>? = slot.withLock { slot in
                if case .full(let result) = slot {
                    slot = .empty
                    return result
                }
                slot = .awaited(continuation)
                return nil
            }
            guard let ready else { return }
            release()
            continuation.resume(returning: ready)
        }
    }

    private func release() {
        taken.add(1, ordering: .releasing)
        Futex.wake(taken, count: 1)
    }

    private func run() {
        var start: Int64 = 0
        while true {
            let count = taken.load(ordering: .acquiring)
            let result = piece(at: start)
            let waiter: UnsafeContinuation<Result<StreamChunk, AttemptError>, Never>? = slot.withLock { slot in
                if case .awaited(let continuation) = slot {
                    slot = .empty
                    return continuation
                }
                slot = .full(result)
                return nil
            }
            guard case .success(let chunk) = result, !chunk.isLast else {
                waiter?.resume(returning: result)
                return
            }
            start = chunk.range.upperBound
            if let waiter {
                waiter.resume(returning: result)
            } else {
                while taken.load(ordering: .acquiring) == count { Futex.wait(taken, while: count) }
            }
        }
    }

    /// A full one, or what has come within a while, or the end.
    private func piece(at start: Int64) -> Result<StreamChunk, AttemptError> {
        guard let buffer = AlignedBuffer(count: chunkBytes) else { return .failure(.local("no memory")) }
        var count = 0
        var end = Int64.max
        while count < chunkBytes {
            let left = (end - SystemClock.monotonicNanoseconds) / 1_000_000
            let wait: Int32 = count == 0 ? -1 : max(0, Int32(clamping: left))
            do throws(Errno) {
                switch try SystemProcess.read(
                    descriptor, into: buffer.memory + count, count: chunkBytes - count, withinMilliseconds: wait)
                {
                case .bytes(let moved):
                    if count == 0 {
                        end = SystemClock.monotonicNanoseconds + ClientLimits.streamPatienceNanoseconds
                    }
                    count += moved
                case .endOfStream:
                    return .success(StreamChunk(buffer, at: start, count: count, isLast: true))
                case .wouldBlock where count == 0: continue
                case .wouldBlock: return .success(StreamChunk(buffer, at: start, count: count, isLast: false))
                }
            } catch {
                return .failure(.local("cannot be read: \(error)"))
            }
        }
        return .success(StreamChunk(buffer, at: start, count: count, isLast: false))
    }
}
