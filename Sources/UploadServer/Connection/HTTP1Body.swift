internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The body of the request that a connection of HTTP/1.1 is at: its bytes go straight from the transport into the
/// reader's memory.
final class HTTP1Body: RequestBody {
    /// The declared length in bytes, nil for a chunked body.
    let length: Int64?
    /// Body bytes handed out so far.
    private(set) var received: Int64 = 0
    /// Trailer fields of a chunked body, once it has ended.
    private(set) var trailers: FieldSection?

    private let connection: HTTP1Connection
    private let framing: BodyFraming
    private var decoder = ChunkedDecoder()
    private var isWhole: Bool
    private var owesContinue: Bool
    var pace: BodyPace
    /// What is wrong with the framing behind the bytes that were handed out.
    private var malformation: HTTPParseError?

    init(_ head: RequestHead, connection: HTTP1Connection) {
        self.connection = connection
        framing = head.framing
        pace = BodyPace(connection.context.server)
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

    /// The wrapping of TLS and of chunks counts as content, so that nothing whole is ever taken for lost.
    var isLost: Bool {
        guard !isWhole, connection.isClientGone else { return false }
        let ahead = connection.transport.isEncrypted ? ServerLimits.encryptedAheadBytes : 0
        let come = connection.transport.unreadBytes + Int64(connection.inputCount) + ahead
        guard let remaining else { return come == 0 }
        return remaining > come
    }

    /// Whether the client still waits for a 100 before it sends the body: after a refusal it may never send it.
    var isAwaited: Bool { owesContinue }

    var watch: Watch { connection.transport.watch }

    func welcome() async throws(BodyFailure) {
        guard owesContinue else { return }
        owesContinue = false
        watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        do throws(TransportError) {
            try await connection.transport.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        } catch {
            throw .transport(error)
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
