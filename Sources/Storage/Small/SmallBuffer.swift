internal import LinuxSystem
internal import Synchronization

/// Memory for one whole small body, of `StorageLimits.smallBytesMax` bytes. An object, because the body's append and
/// the catalogue's thread share it; one of them has it at a time.
final class SmallBuffer: Sendable {
    private let buffer: AlignedBuffer

    fileprivate init(_ buffer: consuming AlignedBuffer) { self.buffer = buffer }

    var memory: UnsafeMutableRawPointer { buffer.memory }
}

/// The memory of small bodies: a bounded number of buffers, each made when first needed, and then kept. The one that
/// came back last is taken first, while it is warm.
final class SmallBuffers: Sendable {
    private struct State {
        var free: [SmallBuffer] = []
        var madeCount = 0
    }

    private let state = Mutex(State())

    /// Nil when all are out, or the system has no memory left.
    func take() -> SmallBuffer? {
        state.withLock { state in
            if let buffer = state.free.popLast() { return buffer }
            guard state.madeCount < StorageLimits.smallBuffersMax,
                let memory = AlignedBuffer(count: StorageLimits.smallBytesMax)
            else { return nil }
            state.madeCount += 1
            return SmallBuffer(memory)
        }
    }

    func giveBack(_ buffer: SmallBuffer) { state.withLock { $0.free.append(buffer) } }
}
