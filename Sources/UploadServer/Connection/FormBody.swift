internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Wire

/// The parts of a `multipart/form-data` body, one after the other, each a source of bytes. Confined to its loop.
final class FormBody: ByteSource {
    /// Room for more than this is given back before the client is waited for.
    private static let keptBytesMax = 4096

    private let exchange: Exchange
    private var parser: MultipartParser
    /// Bytes read from the body and not parsed yet.
    private var raw: [UInt8] = []
    private var position = 0
    /// Part bytes that the parser gave back late, not handed out yet.
    private var held: ArraySlice<UInt8> = []
    /// Content of parts that are no files, so far.
    private var fieldBytes = 0
    /// What slows that content down; nil where nothing does. Whoever reads a file's content pays for that himself.
    private var throttle: Throttle?
    private var isPartEnded = true
    private var isFormEnded = false

    init(_ exchange: Exchange, boundary: [UInt8]) {
        self.exchange = exchange
        parser = MultipartParser(boundary: boundary)
        throttle = exchange.incomingThrottle
    }

    /// The next part's head, nil after the last. What was left of the part before it is skipped.
    func nextPart() async throws(BodyFailure) -> PartHead? {
        while !isFormEnded {
            switch try nextEvent() {
            case .part(let head):
                isPartEnded = false
                return head
            case .end: isFormEnded = true
            case .partEnd: isPartEnded = true
            case .data(let range): try skip(range.count)
            case .held(let bytes): try skip(bytes.count)
            case .needsMore: try await readMore()
            }
        }
        // What follows is judged, too: a part behind the end would be lost.
        while position < raw.count || !exchange.body.isAtEnd {
            if case .needsMore = try nextEvent(), !exchange.body.isAtEnd { try await readMore() }
        }
        return nil
    }

    /// Waits for more of the body, and lets the loop's other connections have their turn.
    private func readMore() async throws(BodyFailure) {
        try await untilBodyArrives()
        try await untilRatesAllow()
        _ = try readRaw()
        await exchange.watch.yield()
    }

    /// Waits until the rates have room for more. What comes is paid for when it is known what it is.
    private func untilRatesAllow() async throws(BodyFailure) {
        if throttle == nil { return }
        // From here on it is the server that is waited for, not the client.
        exchange.watch.setDeadline(.max)
        let waited: Bool?
        do throws(Interruption) {
            waited = try await throttle?.wait(for: 1, exchange.watch, unless: { exchange.body.isLost })
        } catch {
            throw .transport(.interrupted(error))
        }
        if waited == false { throw .cutShort }
        throttle?.moved(0)
    }

    /// What the part at hand holds, which is no file: its beginning, and whether it is text at all. Reads to its end.
    func value() async throws(BodyFailure) -> (start: [UInt8], holdsNUL: Bool) {
        var (start, holdsNUL): ([UInt8], Bool) = ([], false)
        func take(_ bytes: ArraySlice<UInt8>) throws(BodyFailure) {
            try skip(bytes.count)
            if bytes.contains(0) { holdsNUL = true }
            let room = HTTPLimits.formFieldReadBytesMax - start.count
            if room > 0 { start += bytes.prefix(room) }
        }
        while !isPartEnded {
            switch try nextEvent() {
            case .data(let range): try take(raw[range])
            case .held(let bytes): try take(bytes[...])
            case .partEnd, .end, .part: isPartEnded = true
            case .needsMore: try await readMore()
            }
        }
        return (start, holdsNUL)
    }

    var isAtEnd: Bool { isPartEnded }

    var isLost: Bool { exchange.body.isLost }

    func untilArrival() async throws(BodyFailure) {
        if position < raw.count || !held.isEmpty || isPartEnded { return }
        try await untilBodyArrives()
    }

    func untilReadable() async throws(BodyFailure) {
        if position < raw.count || !held.isEmpty || isPartEnded { return }
        try await exchange.body.untilReadable()
    }

    func readNow(into memory: UnsafeMutableRawPointer, count: Int) throws(BodyFailure) -> BodyRead {
        while true {
            if !held.isEmpty { return .bytes(takeHeld(memory, count)) }
            if isPartEnded { return .end }
            switch try nextEvent(limit: count) {
            case .data(let range):
                raw.withUnsafeBytes {
                    memory.copyMemory(from: $0.baseAddress! + range.lowerBound, byteCount: range.count)
                }
                return .bytes(range.count)
            case .held(let bytes): held = bytes[...]
            case .partEnd:
                isPartEnded = true
                return .end
            case .needsMore:
                // The parser has seen no more than was offered; there may be more in hand.
                if position < raw.count { break }
                guard try readRaw() else { return .wouldBlock }
            case .part, .end:
                preconditionFailure("a part ends before another begins")
            }
        }
    }

    /// Passes over content of what is no file.
    private func skip(_ count: Int) throws(BodyFailure) {
        fieldBytes += count
        throttle?.moved(count)
        guard fieldBytes <= HTTPLimits.formFieldBytesMax else { throw .malformedForm(.fieldsTooLong) }
    }

    /// What the parser sees next. At most `limit` bytes are offered, so that a data event fits where it goes.
    private func nextEvent(limit: Int = .max) throws(BodyFailure) -> MultipartEvent {
        let end = limit < raw.count - position ? position + limit : raw.count
        do throws(MultipartError) {
            let (event, next) = try raw.withUnsafeBufferPointer { (bytes) throws(MultipartError) in
                try parser.next(UnsafeBufferPointer(rebasing: bytes[..<end]).span, from: position)
            }
            position = next
            return event
        } catch {
            throw .malformedForm(error)
        }
    }

    /// Reads more of the body. Answers false when nothing is there now.
    private func readRaw() throws(BodyFailure) -> Bool {
        let scratch = exchange.connection.scratch
        switch try exchange.body.readNow(into: scratch.baseAddress!, count: scratch.count) {
        case .bytes(let count):
            raw.removeSubrange(..<position)
            position = 0
            raw.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            return true
        case .wouldBlock: return false
        case .end:
            // The form must have ended before its body does.
            if !isFormEnded { throw .cutShort }
            return false
        }
    }

    /// Waits for the client, for as long as it may take: with no more memory in hand than the bytes that mean
    /// something.
    private func untilBodyArrives() async throws(BodyFailure) {
        if raw.capacity > FormBody.keptBytesMax {
            raw = Array(raw[position...])
            position = 0
            // What many have given up is given back to the system, as after connections that rest.
            exchange.server.connectionRested()
        }
        try await exchange.body.untilArrival()
    }

    private func takeHeld(_ memory: UnsafeMutableRawPointer, _ count: Int) -> Int {
        let moved = min(count, held.count)
        held.prefix(moved).withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: moved) }
        held = held.dropFirst(moved)
        return moved
    }
}
