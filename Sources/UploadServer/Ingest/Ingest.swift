internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Uploads
internal import Wire

/// Why an ingest stopped. Everything read up to then is with the permit.
enum IngestEnd {
    /// The body is whole.
    case bodyEnded
    /// More came than the upload may take. The bytes past the bound were not written.
    case overflow
    /// The body stopped before its end.
    case failed(BodyFailure)
}

/// Moves a body into an upload: socket → ingest buffer → permit, one buffer filling while the one before it is written.
///
/// A connection holds a buffer only while bytes are coming. It sleeps without one; when bytes arrive it leases one,
/// fills it with what comes, and passes it to the permit, full or not. A body that comes in drops has its drops written
/// one by one, buffered; a body that comes in floods fills whole buffers, which go to the disk directly. The buffers of
/// the encryption come and go with that: kept through a flood, given back when it pauses.
struct Ingest {
    private let source: any ByteSource
    private let buffers: BufferPool
    private let bufferWaitNanoseconds: Int64
    private let channel: any ResponseChannel
    private let watch: Watch
    private let counters: LoopCounters
    /// Bytes the upload may still take.
    private var room: Int64
    /// What slows it down; nil where nothing does.
    private var throttle: Throttle?
    /// Bytes that were read before their time, since they stood in the way of others …
    private var owed = 0
    /// … and those of them that are read next.
    private var borrowed = 0
    /// Whether the body comes in floods: the last wait for more of it was worth it.
    private var isFast = true
    /// Holds everything that the caller may want to see of each piece on its way: digests.
    private let inspect: ((UnsafeRawBufferPointer) -> Void)?
    /// Told when more of the upload has been recorded while the body still flows.
    private let progress: ((Offset) async -> Void)?

    /// - Parameter room: bytes the upload may still take; what comes beyond ends the ingest.
    init(
        _ source: any ByteSource, of exchange: Exchange, room: Int64,
        inspect: ((UnsafeRawBufferPointer) -> Void)? = nil,
        progress: ((Offset) async -> Void)? = nil
    ) {
        self.source = source
        buffers = exchange.connection.buffers
        bufferWaitNanoseconds = exchange.server.configuration.bufferWaitNanoseconds
        channel = exchange.channel
        watch = exchange.watch
        counters = exchange.connection.counters
        self.room = room
        throttle = exchange.incomingThrottle
        if let throttle { channel.slowDown(readsAtOnce: throttle.stepBytes) }
        self.inspect = inspect
        self.progress = progress
    }

    /// Runs to the end of the body, or to what stops it. Failures of the disk are the permit's to report: the first one
    /// ends the reading early.
    mutating func run(into permit: inout WritePermit) async -> IngestEnd {
        var end: IngestEnd?
        var told = permit.recordedOffset
        while end == nil {
            do throws(BodyFailure) {
                end = try await fillAndWrite(&permit)
            } catch {
                end = .failed(error)
            }
            if permit.failure != nil { break }
            if let progress, end == nil, permit.recordedOffset > told {
                told = permit.recordedOffset
                await progress(told)
            }
            if end == nil { await watch.yield() }
        }
        // What is owed yet others wait for.
        throttle?.moved(owed)
        channel.keepBuffers(false)
        await reclaim(&permit)
        return end ?? .bodyEnded
    }

    /// Waits for the write on its way, if any, and returns its buffer to the pool.
    private func reclaim(_ permit: inout WritePermit) async {
        if let last = await permit.drain() { buffers.giveBack(last) }
    }

    /// One buffer's way. Answers how the ingest ended, nil to go on.
    private mutating func fillAndWrite(_ permit: inout WritePermit) async throws(BodyFailure) -> IngestEnd? {
        // Before the client is waited for, who may have to wait for this.
        while owed > 0, source.pressingBytes == 0 { try await payBack(&permit) }
        if source.isAtEnd { return .bodyEnded }
        if isFast {
            isFast = try await holds(until: SystemClock.monotonicNanoseconds + ServerLimits.bufferHoldNanoseconds)
        }
        channel.keepBuffers(isFast)
        if !isFast { try await source.untilArrival() }
        // From here on it is the server that is waited for, not the client.
        watch.setDeadline(.max)
        let step = try await waitForTurn(&permit)
        if let memory = permit.leaseSmall() {
            let fill = await fill(memory, capacity: StorageLimits.smallBytesMax)
            let count = accept(fill, memory, &permit)
            permit.writeLeased(count)
            return try end(fill, count)
        }
        let buffer = try await lease(&permit)
        let gap = permit.leadingGap
        let capacity = min(buffer.count - gap, step)
        let fill = await fill(buffer.memory + gap, capacity: capacity)
        let count = accept(fill, buffer.memory + gap, &permit)
        if count == 0 {
            buffers.giveBack(buffer)
        } else {
            if let earlier = await permit.write(buffer, count: count) { buffers.giveBack(earlier) }
            // The body pauses: the next byte may come in a minute, and the buffer must not wait for it.
            if fill.count < capacity { await reclaim(&permit) }
        }
        return try end(fill, count)
    }

    /// Sleeps until a step may be read, without a buffer. Answers how long it is: all of a small body.
    private mutating func waitForTurn(_ permit: inout WritePermit) async throws(BodyFailure) -> Int {
        guard let stepBytes = throttle?.stepBytes else { return .max }
        let isSmall = permit.nextByte == 0 && room <= Int64(StorageLimits.smallBytesMax)
        let step = isSmall ? max(1, Int(room)) : Int(min(Int64(stepBytes), max(1, room)))
        if owed == 0, throttle?.takeAtOnce(step) == true { return step }
        while owed > 0 {
            if source.pressingBytes > 0 { return borrow() }
            try await payBack(&permit)
        }
        return try await hasTurn(step, &permit) ? step : borrow()
    }

    /// Waits for the time for some of what is owed; bytes that press end that.
    private mutating func payBack(_ permit: inout WritePermit) async throws(BodyFailure) {
        watch.setDeadline(.max)
        let part = min(owed, throttle?.stepBytes ?? owed)
        guard try await hasTurn(part, &permit) else { return }
        throttle?.moved(part)
        owed -= part
        source.stop(-part)
    }

    /// Waits for the time for so many bytes. Answers false when others press.
    private mutating func hasTurn(_ bytes: Int, _ permit: inout WritePermit) async throws(BodyFailure) -> Bool {
        await reclaim(&permit)
        permit.waitsForServer(true)
        defer { permit.waitsForServer(false) }
        let source = source
        do throws(Interruption) {
            let isTaken = try await throttle?.wait(
                for: bytes, watch, unless: { source.pressingBytes > 0 || source.isLost })
            if isTaken ?? true { return true }
        } catch {
            throw .transport(.interrupted(error))
        }
        if source.isLost { throw .cutShort }
        return false
    }

    /// Has bytes read whose time has not come: their client may send no others for them before that. Answers how many.
    private mutating func borrow() -> Int {
        borrowed = Int(min(Int64(source.pressingBytes), max(1, room)))
        source.stop(borrowed)
        return borrowed
    }

    /// A buffer, waited for if need be; but nobody waits for one with another in hand: if all did, nobody would ever
    /// get one.
    private mutating func lease(_ permit: inout WritePermit) async throws(BodyFailure) -> AlignedBuffer {
        if let buffer = buffers.tryLease() { return buffer }
        // The others need not wait for this as well; what comes is paid for afterwards.
        throttle?.moved(0)
        await reclaim(&permit)
        permit.waitsForServer(true)
        defer { permit.waitsForServer(false) }
        do throws(Interruption) {
            return try await buffers.lease(watch, nanoseconds: bufferWaitNanoseconds)
        } catch {
            throw error == .timedOut ? .noBuffer : .transport(.interrupted(error))
        }
    }

    /// Answers how many of the bytes belong to the upload, and shows them to whoever wants to see them.
    private mutating func accept(
        _ fill: Fill, _ memory: UnsafeMutableRawPointer, _ permit: inout WritePermit
    ) -> Int {
        watch.setDeadline(.max)
        let early = min(borrowed, fill.count - fill.paid)
        owed += early
        // What did not come after all is nothing to wait for.
        if borrowed > early { source.stop(early - borrowed) }
        borrowed = 0
        throttle?.moved(fill.count - fill.paid - early)
        counters.add(.bytesReceived, Int64(fill.count))
        let count = permit.admit(Int(min(Int64(fill.count), room)))
        room -= Int64(count)
        if count > 0 { inspect?(UnsafeRawBufferPointer(start: memory, count: count)) }
        return count
    }

    private func end(_ fill: Fill, _ accepted: Int) throws(BodyFailure) -> IngestEnd? {
        if fill.count > accepted { return .overflow }
        if let failure = fill.failure { throw failure }
        return source.isAtEnd && owed == 0 ? .bodyEnded : nil
    }

    private struct Fill {
        var count = 0
        /// Of these, what the rates know of.
        var paid = 0
        var failure: BodyFailure?
    }

    /// Fills memory as far as it pays to wait for it. Never throws, so that what came before a failure is kept.
    private mutating func fill(_ memory: UnsafeMutableRawPointer, capacity: Int) async -> Fill {
        var fill = Fill()
        var sliceStart = SystemClock.monotonicNanoseconds
        let holdEnd = sliceStart + ServerLimits.bufferHoldNanoseconds
        while fill.count < capacity {
            do throws(BodyFailure) {
                switch try source.readNow(into: memory + fill.count, count: capacity - fill.count) {
                case .bytes(let count):
                    fill.count += count
                    guard fill.count < capacity else { return fill }
                    guard channel.comesInCrumbs else {
                        await watch.yield(after: &sliceStart)
                        continue
                    }
                    pay(&fill)
                    try await restFromCrumbs()
                    guard takeRest(capacity, fill) else { return fill }
                case .end: return fill
                case .wouldBlock:
                    if fill.count >= ServerLimits.fastBodyBytes { isFast = true }
                    guard fill.count > 0, isFast else { return fill }
                    pay(&fill)
                    source.lend(memory + fill.count, count: capacity - fill.count)
                    let hasMore: Bool
                    do throws(BodyFailure) {
                        hasMore = try await holds(until: holdEnd)
                        fill.count += source.takeBack()
                    } catch {
                        fill.count += source.takeBack()
                        throw error
                    }
                    guard hasMore || fill.count == capacity else {
                        isFast = fill.count >= ServerLimits.fastBodyBytes
                        return fill
                    }
                    guard takeRest(capacity, fill) else { return fill }
                    sliceStart = SystemClock.monotonicNanoseconds
                }
            } catch {
                fill.failure = error
                return fill
            }
        }
        return fill
    }

    /// Has the rates know what came, before the client is waited for: the time for the rest is others' meanwhile.
    private mutating func pay(_ fill: inout Fill) {
        throttle?.moved(fill.count - fill.paid)
        fill.paid = fill.count
    }

    /// Takes the time for what still fits; nobody waits for it with a buffer in hand.
    private mutating func takeRest(_ capacity: Int, _ fill: Fill) -> Bool {
        throttle?.takeAtOnce(capacity - fill.count) ?? true
    }

    /// Who sends next to nothing in each record of the encryption has to wait in between, since all others pay for it.
    private func restFromCrumbs() async throws(BodyFailure) {
        do throws(Interruption) {
            try await watch.pause(nanoseconds: ServerLimits.crumbPauseNanoseconds)
        } catch {
            throw .transport(.interrupted(error))
        }
    }

    /// Waits for more with buffers in hand. Answers false when that has taken too long.
    private func holds(until nanoseconds: Int64) async throws(BodyFailure) -> Bool {
        watch.setDeadline(nanoseconds)
        do throws(BodyFailure) {
            try await source.untilReadable()
            return true
        } catch {
            guard case .transport(.interrupted(.timedOut)) = error else { throw error }
            watch.clearInterruption()
            return false
        }
    }
}
