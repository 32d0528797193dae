/// Parses response heads from bytes as they come, informational ones included: the client's side of `RequestParser`,
/// with the same strictness about lines and fields.
public struct ResponseParser: Sendable {
    private var parser = FieldParser(bytesMax: HTTPLimits.headBytesMax, tooLong: .headTooLong)
    private var line: (status: Status, reason: String, version: HTTPVersion)?
    private var finished: ReceivedResponse?

    /// A parser at the start of a response.
    public init() {}

    /// Eats bytes of one head and returns how many: all of them, or those up to and including the blank line. Eats
    /// nothing while a finished head waits for `takeResponse()`.
    ///
    /// Throws what is wrong with the head; the connection is of no use then.
    public mutating func consume(_ input: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard finished == nil else { return 0 }
        var position = 0
        if line == nil {
            let step = try parser.firstLine(
                input, from: 0, bytesMax: HTTPLimits.headBytesMax, tooLong: .headTooLong)
            position = step.next
            guard let range = step.line else { return position }
            line = try ResponseParser.statusLine(parser.scanner.bytes[range])
        }
        let step = try parser.consume(input, from: position)
        guard step.isFinished, let line else { return step.next }
        let fields = parser.section
        let closes = fields.hasToken("close", in: .connection)
        let stays = line.version == .http11 || fields.hasToken("keep-alive", in: .connection)
        finished = ReceivedResponse(
            status: line.status, reason: line.reason, fields: fields, keepsAlive: stays && !closes)
        return step.next
    }

    /// Hands the finished head over and makes ready for the next; nil if there is none yet.
    public mutating func takeResponse() -> ReceivedResponse? {
        guard let response = finished else { return nil }
        finished = nil
        line = nil
        parser.reset()
        return response
    }

    /// `HTTP/1.1 200 OK`, where the space and the phrase behind the code may be missing (RFC 9112 4).
    private static func statusLine(
        _ bytes: ArraySlice<UInt8>
    ) throws(HTTPParseError) -> (status: Status, reason: String, version: HTTPVersion) {
        let text = Array(bytes)
        guard text.count >= 12, text.starts(with: Array("HTTP/1.".utf8)), text[7].isDigit, text[8] == .space else {
            throw .badRequestLine
        }
        guard text.count == 12 || text[12] == .space else { throw .badRequestLine }
        guard let code = Int64(digits: text, 9..<12), let status = Status(Int(code)) else { throw .badRequestLine }
        let reason = String(decoding: text.dropFirst(13), as: UTF8.self)
        return (status, reason, text[7] == .zero ? .http10 : .http11)
    }
}
