public import LinuxSystem

/// The ingest buffers of one loop: a bounded number, made when first needed, kept warm, given back when long unused.
///
/// Confined to the loop. A task that finds none sleeps until one comes back, in the order of asking: that is the
/// back-pressure which keeps the network from overrunning the disk.
public final class BufferPool {
    /// Size of every buffer in bytes.
    public static var bufferBytes: Int { ReactorLimits.ingestBufferBytes }

    /// How many buffers there may be.
    public let limit: Int
    private let free: UnsafeMutablePointer<AlignedBuffer>
    private var freeCount = 0
    private var madeCount = 0
    private var waiting: [Watch] = []
    /// The fewest buffers that lay unused since the last trim: nobody needed those.
    private var leastFree = 0

    /// When unused buffers are looked at next; `.max` while there are none.
    private(set) var nextTrim = Int64.max

    init(memoryBytes: Int) {
        limit = max(2, memoryBytes / BufferPool.bufferBytes)
        free = .allocate(capacity: limit)
    }

    deinit {
        free.deinitialize(count: freeCount)
        free.deallocate()
    }

    /// Buffers on lease: with a connection, or with a disk thread on its behalf.
    public var leasedCount: Int { madeCount - freeCount }

    /// Buffers that hold memory, leased or not.
    public var count: Int { madeCount }

    /// Whether a lease would have to wait.
    public var isExhausted: Bool { !waiting.isEmpty || (freeCount == 0 && madeCount >= limit) }

    /// A buffer, at once or when one comes back. Its content is undefined. The task that sleeps for it is `watch`'s.
    ///
    /// - Throws: what interrupted the wait; no buffer is held then.
    public func lease(_ watch: Watch) async throws(Interruption) -> AlignedBuffer {
        if waiting.isEmpty, let buffer = take() { return buffer }
        waiting.append(watch)
        defer {
            waiting.removeAll { $0 === watch }
            if freeCount > 0 { waiting.first?.wake() }
        }
        while true {
            try await watch.untilWoken()
            if waiting.first === watch, let buffer = take() { return buffer }
        }
    }

    /// Ends a lease.
    public func giveBack(_ buffer: consuming AlignedBuffer) {
        (free + freeCount).initialize(to: buffer)
        freeCount += 1
        if nextTrim == .max { nextTrim = SystemClock.monotonicNanoseconds + ReactorLimits.trimIntervalNanoseconds }
        waiting.first?.wake()
    }

    private func take() -> AlignedBuffer? {
        if freeCount > 0 {
            freeCount -= 1
            leastFree = min(leastFree, freeCount)
            return (free + freeCount).move()
        }
        guard madeCount < limit, let buffer = AlignedBuffer(count: BufferPool.bufferBytes) else { return nil }
        madeCount += 1
        return buffer
    }

    func trimIfDue(now: Int64) {
        guard now >= nextTrim else { return }
        for _ in 0..<leastFree {
            freeCount -= 1
            madeCount -= 1
            (free + freeCount).deinitialize(count: 1)
        }
        leastFree = freeCount
        nextTrim = freeCount > 0 ? now + ReactorLimits.trimIntervalNanoseconds : .max
    }
}
