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

    init(_ head: RequestHead, connection: Connection) {
        self.connection = connection
        framing = head.framing
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
        do throws(TransportError) {
            try await connection.transport.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        } catch {
            throw .transport(error)
        }
    }

    /// Sleeps until a read may find something.
    func untilReadable() async throws(BodyFailure) {
        if connection.hasInput || isWhole { return }
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

    /// Chunks are read as they come and squeezed in place: the framing is a few bytes in many thousand.
    private func readChunked(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(BodyFailure) -> BodyRead {
        let raw: Int
        switch try connection.rawRead(into: memory, count: count) {
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
                throw .malformed(error)
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
        return isWhole ? .end : .wouldBlock
    }
}
