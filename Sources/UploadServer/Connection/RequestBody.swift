internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The body of the request that a connection is at: its framing taken away, its bytes straight from the transport into
/// the reader's memory. Confined to the connection's loop.
final class RequestBody: ByteSource {
    /// The declared length in bytes, nil for a chunked body.
    let length: Int64?
    /// Body bytes handed out so far.
    private(set) var received: Int64 = 0
    /// Trailer fields of a chunked body, once it has ended.
    private(set) var trailers: FieldSection?

    private let connection: Connection
    private let framing: BodyFraming
    private var decoder = ChunkedDecoder()
    private var isWhole: Bool
    private var owesContinue: Bool
    private var pace: BodyPace
    /// What is wrong with the framing behind the bytes that were handed out.
    private var malformation: HTTPParseError?

    init(_ head: RequestHead, connection: Connection) {
        self.connection = connection
        framing = head.framing
        let configuration = connection.server.configuration
        pace = BodyPace(
            idleNanoseconds: configuration.bodyIdleNanoseconds, minimumRate: configuration.bodyRateBytes,
            windowNanoseconds: configuration.bodyRateWindowNanoseconds)
        switch head.framing {
        case .none:
            length = 0
            isWhole = true
        case .length(let count):
            length = count
            isWhole = count == 0
        case .chunked:
            length = nil
            isWhole = false
        }
        owesContinue = head.expectsContinue && !isWhole
    }

    /// Whether all of the body has been read.
    var isAtEnd: Bool { isWhole }

    /// Whether the client still waits for a 100 before it sends the body: after a refusal it may never send it.
    var isAwaited: Bool { owesContinue }

    /// Bytes still to come, nil where only the end will tell.
    var remaining: Int64? { length.map { $0 - received } }

    /// Tells a client that asked for it that its body is welcome (RFC 9110 section 10.1.1). Once, before the first
    /// read, and never after a refusal.
    func welcome() async throws(BodyFailure) {
        guard owesContinue else { return }
        owesContinue = false
        connection.transport.watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        do throws(TransportError) {
            try await connection.transport.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        } catch {
            throw .transport(error)
        }
    }

    /// Whether the body is empty, which a chunked one shows at its end only: the client is asked for it, and heard as
    /// long as nothing comes.
    func bringsNothing() async throws(BodyFailure) -> Bool {
        if let length { return length == 0 }
        try await welcome()
        let memory = connection.scratch
        while true {
            switch try readNow(into: memory.baseAddress!, count: memory.count) {
            case .bytes: return false
            case .end: return true
            case .wouldBlock: try await untilArrival()
            }
        }
    }

    /// Sleeps until a read may find something, as long as the client's pace allows.
    func untilArrival() async throws(BodyFailure) {
        let watch = connection.transport.watch
        let start = SystemClock.monotonicNanoseconds
        let stalled = watch.stalledNanoseconds
        watch.setDeadline(start + pace.allowance(received: received))
        do throws(BodyFailure) {
            // The client is not blamed for the time in which this process stood still.
            defer {
                let waited = SystemClock.monotonicNanoseconds - start - (watch.stalledNanoseconds - stalled)
                pace.spent(nanoseconds: waited)
            }
            try await untilReadable()
        } catch {
            if case .transport(.interrupted(.timedOut)) = error, pace.isTooSlow { throw .tooSlow }
            throw error
        }
    }

    /// Sleeps until a read may find something, or the watch's deadline passes.
    func untilReadable() async throws(BodyFailure) {
        if connection.hasInput || isWhole || malformation != nil { return }
        do throws(TransportError) { try await connection.transport.untilReadable() } catch { throw .transport(error) }
    }

    /// Reads body bytes that are there, up to `count` (1 or more), into `memory`. Never waits.
    func readNow(into memory: UnsafeMutableRawPointer, count: Int) throws(BodyFailure) -> BodyRead {
        if isWhole { return .end }
        switch framing {
        case .none: return .end
        case .length(let total): return try readCounted(memory, Int(min(Int64(count), total - received)), total)
        case .chunked: return try readChunked(memory, count)
        }
    }

    private func readCounted(
        _ memory: UnsafeMutableRawPointer, _ count: Int, _ total: Int64
    ) throws(BodyFailure) -> BodyRead {
        switch try connection.rawRead(into: memory, count: count) {
        case .wouldBlock: return .wouldBlock
        case .endOfStream: throw .cutShort
        case .bytes(let moved):
            received += Int64(moved)
            isWhole = received == total
            return .bytes(moved)
        }
    }

    /// Chunks are read as they come and squeezed in place: the framing is a few bytes in many thousand. Content in
    /// front of what is malformed counts: it is handed out first.
    private func readChunked(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(BodyFailure) -> BodyRead {
        if let malformation { throw .malformed(malformation) }
        let raw: Int
        let ahead = decoder.contentBytes.addingReportingOverflow(Int64(ServerLimits.chunkReadAheadBytes))
        let limit = ahead.overflow ? count : Int(min(Int64(count), ahead.partialValue))
        switch try connection.rawRead(into: memory, count: limit) {
        case .wouldBlock: return .wouldBlock
        case .endOfStream: throw .cutShort
        case .bytes(let moved): raw = moved
        }
        var kept = 0
        var position = 0
        let source = UnsafeBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: raw)
        while position < raw {
            let step: (event: ChunkedEvent, next: Int)
            do throws(HTTPParseError) {
                step = try decoder.next(source.span, from: position)
            } catch {
                malformation = error
                break
            }
            position = step.next
            switch step.event {
            case .needsMore: break
            case .data(let range):
                (memory + kept).copyMemory(from: memory + range.lowerBound, byteCount: range.count)
                kept += range.count
            case .end(let fields):
                trailers = fields
                isWhole = true
                connection.putBack(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(source)[position...]))
                position = raw
            }
        }
        received += Int64(kept)
        if kept > 0 { return .bytes(kept) }
        if let malformation { throw .malformed(malformation) }
        return isWhole ? .end : .wouldBlock
    }
}
