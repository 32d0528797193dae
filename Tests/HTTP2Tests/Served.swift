import CNGHTTP2Shim
import HTTP
import HTTP2

/// A session and what it has told so far; feeds it bytes, and takes apart what it sends.
final class Served: SessionEvents {
    struct Frame: Equatable {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]
    }

    private(set) var session: ServerSession!
    private(set) var heads: [Int32: Result<RequestHead, HTTPParseError>] = [:]
    private(set) var wholeHeads: Set<Int32> = []
    private(set) var bodies: [Int32: [UInt8]] = [:]
    private(set) var trailers: [Int32: Result<FieldSection, HTTPParseError>] = [:]
    private(set) var codes: [Int32: ErrorCode] = [:]
    private(set) var answered: Set<Int32> = []
    private(set) var pongs = 0
    private(set) var failure: SessionFailure?
    var contents: [Int32: [UInt8]] = [:]
    /// Whether there is always more content to come.
    var isEndless = false
    private(set) var sent: [UInt8] = []

    init(isShared: Bool = false, now: Int64 = 0) {
        session = ServerSession(events: self, isShared: isShared, now: now)!
    }

    /// Feeds bytes, in pieces of so many; afterwards takes what the session has to send.
    func feed(_ bytes: [UInt8], piece: Int = .max, now: Int64 = 0) {
        var rest = bytes[...]
        while !rest.isEmpty, failure == nil {
            let part = Array(rest.prefix(piece))
            rest = rest.dropFirst(part.count)
            let step: Result<Void, SessionFailure> = part.withUnsafeBytes { bytes in
                Result { () throws(SessionFailure) in try session.receive(bytes, now: now) }
            }
            if case .failure(let error) = step {
                failure = error
                sent += session.farewell(error)
            }
        }
        flush()
    }

    func flush() {
        guard failure == nil else { return }
        while let bytes = try? session.nextOutput() { sent += bytes }
    }

    /// Takes one piece of what there is to send. Answers false where there is nothing.
    func step() -> Bool {
        guard let bytes = try? session.nextOutput() else { return false }
        sent += bytes
        return true
    }

    /// What was sent, frame by frame.
    var frames: [Frame] {
        var (frames, rest): ([Frame], ArraySlice<UInt8>) = ([], sent[...])
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let stream = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            frames.append(
                Frame(type: head[3], flags: head[4], stream: stream, payload: Array(rest.dropFirst(9).prefix(count))))
            rest = rest.dropFirst(9 + count)
        }
        return frames
    }

    /// Of RST_STREAM, by stream.
    var resets: [UInt32: ErrorCode] {
        Dictionary(
            frames.filter { $0.type == Frames.reset }.map { ($0.stream, Served.code($0.payload[...])) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Of the last GOAWAY.
    var goodbye: ErrorCode? {
        frames.last { $0.type == Frames.goAway }.map { Served.code($0.payload[4...]) }
    }

    /// What WINDOW_UPDATE gave, by stream.
    var granted: [UInt32: Int] {
        Dictionary(
            frames.filter { $0.type == Frames.windowUpdate }.map { frame in
                (frame.stream, frame.payload.reduce(0) { $0 << 8 | Int($1) })
            }, uniquingKeysWith: +)
    }

    /// The fields of each HEADERS frame of a stream, decompressed.
    func fields(of stream: UInt32) -> [[String]] {
        var made: OpaquePointer?
        nghttp2_hd_inflate_new(&made)
        defer { nghttp2_hd_inflate_del(made) }
        var lists: [[String]] = []
        for frame in frames where frame.type == Frames.headers {
            let list = Served.inflate(made!, frame.payload)
            if frame.stream == stream { lists.append(list) }
        }
        return lists
    }

    /// The fields of a head that came in more than one frame, the first of its connection.
    func fields(ofBlock block: [UInt8]) -> [String] {
        var made: OpaquePointer?
        nghttp2_hd_inflate_new(&made)
        defer { nghttp2_hd_inflate_del(made) }
        return Served.inflate(made!, block)
    }

    private static func inflate(_ inflater: OpaquePointer, _ block: [UInt8]) -> [String] {
        var (list, rest): ([String], ArraySlice<UInt8>) = ([], block[...])
        while true {
            var field = nghttp2_nv()
            var flags: Int32 = 0
            let used = Array(rest).withUnsafeBufferPointer {
                nghttp2_hd_inflate_hd2(inflater, &field, &flags, $0.baseAddress, $0.count, 1)
            }
            guard used >= 0 else { return list }
            rest = rest.dropFirst(used)
            if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                let name = UnsafeBufferPointer(start: field.name, count: field.namelen)
                let value = UnsafeBufferPointer(start: field.value, count: field.valuelen)
                list.append("\(String(decoding: name, as: UTF8.self)): \(String(decoding: value, as: UTF8.self))")
            }
            if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                nghttp2_hd_inflate_end_headers(inflater)
                return list
            }
        }
    }

    private static func code(_ bytes: ArraySlice<UInt8>) -> ErrorCode {
        ErrorCode(rawValue: bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
    }

    // MARK: SessionEvents

    func opened(_ stream: Int32, _ head: Result<RequestHead, HTTPParseError>, isWhole: Bool) {
        heads[stream] = head
        if isWhole { wholeHeads.insert(stream) }
    }

    func received(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) { bodies[stream, default: []] += bytes }

    func ended(_ stream: Int32, _ trailers: Result<FieldSection, HTTPParseError>) { self.trailers[stream] = trailers }

    func hasBrought(_ stream: Int32) -> Bool { bodies[stream] != nil || codes[stream] != nil }

    func closed(_ stream: Int32, _ code: ErrorCode) { codes[stream] = code }

    func answered(_ stream: Int32) { answered.insert(stream) }

    func content(of stream: Int32, into memory: UnsafeMutableRawPointer, count: Int) -> AnswerContent {
        guard let left = contents[stream], !left.isEmpty || !isEndless else { return .later }
        let moved = min(count, left.count)
        left.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: moved) }
        contents[stream] = Array(left.dropFirst(moved))
        return .bytes(moved, isLast: !isEndless && moved == left.count)
    }

    func ponged() { pongs += 1 }
}
