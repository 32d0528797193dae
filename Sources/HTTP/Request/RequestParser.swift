/// Parses request heads from bytes as they come, one at a time, strictly (RFC 9112): a message that two programs could
/// read in two ways is refused.
///
/// | state | byte seen | next |
/// |---|---|---|
/// | idle | empty line | idle, a few times |
/// | idle | anything else | request line |
/// | request line | CRLF | fields |
/// | fields | empty line | finished |
/// | finished | `takeHead()` | idle |
/// | any | what must not be there | failed, for ever |
///
/// The verdict and the head are the same wherever the input is split. Memory is kept from head to head: if the last
/// head is gone when the next one starts, parsing allocates nothing. Holds at most `HTTPLimits.headBytesMax` bytes.
public struct RequestParser: Sendable {
    private enum State {
        case idle
        case requestLine
        case fields
        case finished(RequestHead)
        case failed(HTTPParseError)
    }

    private var state = State.idle
    /// Set while the state is `fields`.
    private var line: RequestLine?
    private var parser = FieldParser(bytesMax: HTTPLimits.headBytesMax, tooLong: .headTooLong)
    private var emptyLines = 0

    /// An idle parser.
    public init() {}

    /// Not one byte of a head has been seen; a connection may be closed now without cutting a request.
    public var isIdle: Bool {
        if case .idle = state { true } else { false }
    }

    /// Eats bytes of one head and returns how many: all of them, or those up to and including the blank line. Eats
    /// nothing while a finished head waits for `takeHead()`.
    ///
    /// Throws what is wrong with the head, and the same again ever after.
    public mutating func consume(_ bytes: Span<UInt8>) throws(HTTPParseError) -> Int {
        if case .failed(let error) = state { throw error }
        do {
            return try step(bytes)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The method of a head that is not finished, or was refused behind its first line; nil while that is unknown.
    public var method: Method? {
        switch state {
        case .idle, .requestLine: nil
        case .fields, .finished, .failed: line?.method
        }
    }

    /// Hands the finished head over and makes ready for the next; nil if there is none yet.
    public mutating func takeHead() -> RequestHead? {
        guard case .finished(let head) = state else { return nil }
        state = .idle
        emptyLines = 0
        return head
    }

    private mutating func step(_ input: Span<UInt8>) throws(HTTPParseError) -> Int {
        var position = 0
        while position < input.count {
            switch state {
            case .idle:
                try begin(with: input[position])
            case .requestLine:
                position = try requestLine(input, from: position)
            case .fields:
                let step = try parser.consume(input, from: position)
                position = step.next
                guard step.isFinished, let line else { return position }
                state = .finished(try RequestHead(line: line, fields: parser.section))
            case .finished, .failed:
                return position
            }
        }
        return position
    }

    /// What cannot start a method is refused at once: a TLS handshake on this port may never send a line end.
    private mutating func begin(with byte: UInt8) throws(HTTPParseError) {
        guard byte.isToken || byte == .carriageReturn || byte == .lineFeed else { throw .badRequestLine }
        // Not earlier: by now the head that shares the memory is usually gone, and the memory is used again.
        parser.reset()
        line = nil
        state = .requestLine
    }

    private mutating func requestLine(_ input: Span<UInt8>, from start: Int) throws(HTTPParseError) -> Int {
        let step = try parser.firstLine(
            input, from: start, bytesMax: HTTPLimits.requestLineBytesMax, tooLong: .targetTooLong)
        guard let line = step.line else { return step.next }
        if line.isEmpty {
            emptyLines += 1
            guard emptyLines <= HTTPLimits.emptyLinesMax else { throw .tooManyEmptyLines }
            state = .idle
        } else {
            self.line = try RequestLine(parser.scanner.bytes, line)
            state = .fields
        }
        return step.next
    }
}
