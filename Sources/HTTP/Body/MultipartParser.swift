/// Takes a multipart body apart as it comes (RFC 2046 5.1, RFC 7578). Holds no content but a possible delimiter.
///
/// | state | reads | next |
/// |---|---|---|
/// | content | up to a delimiter; before the first part it is dropped | delimiter end |
/// | delimiter end | blanks, CRLF | head |
/// | delimiter end | two dashes | closing, epilogue |
/// | delimiter end | anything else: it was content | content |
/// | head | field lines, an empty line | content |
/// | epilogue | blanks and line ends, within a bound | epilogue |
///
/// What stands before the first delimiter is dropped (RFC 2046 5.1.1), unless a line of it starts as delimiters do:
/// that may be a part under another boundary, and would be lost.
public struct MultipartParser: Sendable {
    private enum State {
        case content
        case delimiterEnd
        case head
        case closing
        case epilogue
        case failed(MultipartError)
    }

    private let search: DelimiterSearch
    private var state = State.content
    private var isInPart = false
    /// Bytes of the delimiter that earlier input ended with. A body may start with a delimiter without its CRLF.
    private var matched = 2
    /// What stands after a delimiter, until it is known to be one: blanks, or a dash, and perhaps CR.
    private var ending: [UInt8] = []
    private var head = FieldParser(bytesMax: HTTPLimits.partHeadBytesMax, tooLong: .partHeadTooLong)
    private var partCount = 0
    private var preamble: [UInt8] = []
    private var epilogueBytes = 0

    /// A parser at the start of a body. `boundary` has 1 to `HTTPLimits.boundaryBytesMax` bytes and neither CR nor LF;
    /// take it from `boundary(of:)`.
    public init(boundary: [UInt8]) {
        precondition((1...HTTPLimits.boundaryBytesMax).contains(boundary.count), "a boundary has 1 to 70 bytes")
        precondition(boundary.allSatisfy(\.isBoundary), "a boundary holds only what RFC 2046 allows")
        search = DelimiterSearch(boundary: boundary)
    }

    /// The boundary of a multipart type; nil for other types, or if it is not there or not allowed.
    public static func boundary(of type: MediaType) -> [UInt8]? {
        guard type.type == "multipart", let boundary = type.parameter("boundary").map({ Array($0.utf8) }),
            (1...HTTPLimits.boundaryBytesMax).contains(boundary.count), boundary.allSatisfy(\.isBoundary),
            boundary.last != .space
        else { return nil }
        return boundary
    }

    /// The last delimiter has been read. A body that ends before is cut off.
    public var isFinished: Bool {
        if case .epilogue = state { true } else { false }
    }

    /// The next event from `input`, read from index `start`, and the index to go on from. Ranges are indices of this
    /// `input`. Call again until `needsMore`, which means all of `input` was read. Throws what is wrong, and the same
    /// again ever after.
    public mutating func next(
        _ input: Span<UInt8>, from start: Int
    ) throws(MultipartError) -> (event: MultipartEvent, next: Int) {
        do {
            var position = start
            while true {
                if let event = try step(input, &position) { return (event, position) }
                if position == input.count, !isClosing { return (.needsMore, position) }
            }
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// `end` is due, whether there is input or not.
    private var isClosing: Bool {
        if case .closing = state { true } else { false }
    }

    /// Reads on in one state; nil if nothing is to be told yet.
    private mutating func step(_ input: Span<UInt8>, _ position: inout Int) throws(MultipartError) -> MultipartEvent? {
        switch state {
        case .content:
            return try matched > 0 ? resumeDelimiter(input, &position) : content(input, &position)
        case .delimiterEnd:
            guard position < input.count else { return nil }
            return try delimiterEnd(input[position], &position)
        case .head:
            return try partHead(input, &position)
        case .closing:
            state = .epilogue
            return .end
        case .epilogue:
            while position < input.count {
                epilogueBytes += 1
                guard input[position].isBlank || input[position].isLineEnd, epilogueBytes <= HTTPLimits.epilogueBytesMax
                else { throw .epilogueTooLong }
                position += 1
            }
            return nil
        case .failed(let error):
            throw error
        }
    }

    /// Content up to the next delimiter or the end of the input.
    private mutating func content(
        _ input: Span<UInt8>, _ position: inout Int
    ) throws(MultipartError) -> MultipartEvent? {
        let start = position
        let found = search.find(in: input, from: start)
        position = found.index + found.matched
        matched = found.matched
        if matched == search.delimiter.count { beginEnding() }
        if found.index == start { return nil }
        guard isInPart else {
            try skipPreamble((start..<found.index).map { input[$0] })
            return nil
        }
        return .data(start..<found.index)
    }

    /// Goes on with a delimiter that earlier input broke off.
    private mutating func resumeDelimiter(
        _ input: Span<UInt8>, _ position: inout Int
    ) throws(MultipartError) -> MultipartEvent? {
        let delimiter = search.delimiter
        while position < input.count, matched < delimiter.count, input[position] == delimiter[matched] {
            matched += 1
            position += 1
        }
        if matched == delimiter.count {
            beginEnding()
            return nil
        }
        guard position < input.count else { return nil }
        let held = Array(delimiter[..<matched])
        matched = 0
        return try release(held)
    }

    private mutating func beginEnding() {
        matched = 0
        ending.removeAll(keepingCapacity: true)
        state = .delimiterEnd
    }

    /// One byte after a delimiter, which decides what it was.
    private mutating func delimiterEnd(
        _ byte: UInt8, _ position: inout Int
    ) throws(MultipartError) -> MultipartEvent? {
        switch (ending.last, byte) {
        case (.carriageReturn, .lineFeed):
            position += 1
            head.reset()
            state = .head
            return endPart()
        case (.dash, .dash):
            position += 1
            state = .closing
            return endPart()
        case (.none, .dash), (.none, .carriageReturn), (.space, .carriageReturn), (.tab, .carriageReturn):
            position += 1
            ending.append(byte)
            return nil
        case (.none, _), (.space, _), (.tab, _):
            if byte.isBlank, ending.count < HTTPLimits.boundaryPaddingBytesMax {
                position += 1
                ending.append(byte)
                return nil
            }
            return try notADelimiter()
        default:
            return try notADelimiter()
        }
    }

    /// The line only began like a delimiter. A CR at its end may begin a real one.
    private mutating func notADelimiter() throws(MultipartError) -> MultipartEvent? {
        state = .content
        if ending.last == .carriageReturn {
            ending.removeLast()
            matched = 1
        }
        guard isInPart else {
            try skipPreamble(search.delimiter + ending)
            return nil
        }
        return .held(search.delimiter + ending)
    }

    /// Gives back what turned out to be content.
    private mutating func release(_ held: [UInt8]) throws(MultipartError) -> MultipartEvent? {
        guard isInPart else {
            try skipPreamble(held)
            return nil
        }
        return .held(held)
    }

    private mutating func skipPreamble(_ bytes: [UInt8]) throws(MultipartError) {
        let start = max(0, preamble.count - 2)
        preamble += bytes
        guard preamble.count <= HTTPLimits.preambleBytesMax else { throw .preambleTooLong }
        var index = start
        while index + 2 < preamble.count {
            if preamble[index] == .lineFeed, preamble[index + 1] == .dash, preamble[index + 2] == .dash {
                throw .preambleTooLong
            }
            index += 1
        }
    }

    private mutating func endPart() -> MultipartEvent? {
        guard isInPart else { return nil }
        isInPart = false
        return .partEnd
    }

    private mutating func partHead(
        _ input: Span<UInt8>, _ position: inout Int
    ) throws(MultipartError) -> MultipartEvent? {
        let isFinished: Bool
        do {
            (isFinished, position) = try head.consume(input, from: position)
        } catch {
            throw .badPartHead(error)
        }
        guard isFinished else { return nil }
        partCount += 1
        guard partCount <= HTTPLimits.partCountMax else { throw .tooManyParts }
        isInPart = true
        matched = 0
        state = .content
        return .part(PartHead(head.section))
    }
}
