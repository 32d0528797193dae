/// Takes the chunked coding (RFC 9112 7.1) off a body as it comes. Copies no content and holds none.
///
/// | state | reads | next |
/// |---|---|---|
/// | size | hexadecimal digits | extension, size end |
/// | extension | blanks and, from the semicolon on, text | size end |
/// | size end | LF | data, or trailers after size 0 |
/// | data | that many bytes | data end |
/// | data end | CR LF | size |
/// | trailers | field lines, an empty line | finished |
public struct ChunkedDecoder: Sendable {
    private enum State {
        case size
        case blanks
        case extensions
        case sizeEnd
        case data
        case dataEnd
        case dataLineFeed
        case trailers
        case finished
        case failed(HTTPParseError)
    }

    private var state = State.size
    /// Digits of this chunk's size so far.
    private var digits = 0
    /// The size so far, then the bytes of the chunk still to come.
    private var remaining: Int64 = 0
    private var extensionBytes = 0
    private var extensionBytesTotal = 0
    private var trailers = FieldParser(bytesMax: HTTPLimits.trailerBytesMax, tooLong: .trailersTooLong)

    /// A decoder at the start of a body.
    public init() {}

    /// The last chunk and the trailers have been read.
    public var isFinished: Bool {
        if case .finished = state { true } else { false }
    }

    /// Bytes of content that must come before the next framing, 0 where framing comes next.
    public var contentBytes: Int64 {
        if case .data = state { remaining } else { 0 }
    }

    /// The next event from `input`, read from index `start`, and the index to go on from. Ranges are indices of this
    /// `input`. Call again until `needsMore`, which means all of `input` was read, or `end`, after which nothing more
    /// is read. Throws what is wrong, and the same again ever after.
    public mutating func next(
        _ input: Span<UInt8>, from start: Int
    ) throws(HTTPParseError) -> (event: ChunkedEvent, next: Int) {
        do {
            return try step(input, from: start)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    private mutating func step(
        _ input: Span<UInt8>, from start: Int
    ) throws(HTTPParseError) -> (event: ChunkedEvent, next: Int) {
        var position = start
        while position < input.count {
            switch state {
            case .data:
                let count = Int(min(Int64(input.count - position), remaining))
                remaining -= Int64(count)
                if remaining == 0 { state = .dataEnd }
                return (.data(position..<position + count), position + count)
            case .trailers:
                let step = try trailers.consume(input, from: position)
                guard step.isFinished else { return (.needsMore, step.next) }
                state = .finished
                return (.end(trailers: try checkedTrailers()), step.next)
            case .finished:
                return (.needsMore, position)
            case .failed(let error):
                throw error
            case .size, .blanks, .extensions, .sizeEnd, .dataEnd, .dataLineFeed:
                try frame(input[position])
                position += 1
            }
        }
        if case .failed(let error) = state { throw error }
        return (.needsMore, position)
    }

    /// One byte of what stands between the pieces of content.
    private mutating func frame(_ byte: UInt8) throws(HTTPParseError) {
        switch state {
        case .size: try size(byte)
        case .blanks, .extensions: try extensions(byte)
        case .sizeEnd:
            guard byte == .lineFeed else { throw .bareCarriageReturn }
            state = remaining > 0 ? .data : .trailers
        case .dataEnd:
            guard byte == .carriageReturn else { throw .badChunkEnd }
            state = .dataLineFeed
        default:
            guard byte == .lineFeed else { throw .badChunkEnd }
            (digits, remaining, extensionBytes) = (0, 0, 0)
            state = .size
        }
    }

    private mutating func size(_ byte: UInt8) throws(HTTPParseError) {
        if let digit = byte.hexadecimalValue {
            digits += 1
            guard digits <= HTTPLimits.chunkSizeDigitsMax, remaining <= Int64.max >> 4 else { throw .badChunkSize }
            remaining = remaining << 4 | Int64(digit)
            return
        }
        guard digits > 0 else { throw .badChunkSize }
        if byte == .carriageReturn {
            state = .sizeEnd
        } else {
            state = .blanks
            try extensions(byte)
        }
    }

    /// Extensions are counted and skipped; blanks may stand before a semicolon only (RFC 9112 7.1.1).
    private mutating func extensions(_ byte: UInt8) throws(HTTPParseError) {
        if byte == .carriageReturn, case .extensions = state {
            state = .sizeEnd
            return
        }
        if case .blanks = state {
            if byte == .semicolon {
                state = .extensions
            } else if !byte.isBlank {
                throw byte == .lineFeed ? .bareLineFeed : .badChunkSize
            }
        } else if !byte.isText {
            throw byte == .lineFeed ? .bareLineFeed : .controlByte
        }
        extensionBytes += 1
        extensionBytesTotal += 1
        guard extensionBytes <= HTTPLimits.chunkExtensionBytesMax,
            extensionBytesTotal <= HTTPLimits.chunkExtensionTotalBytesMax
        else { throw .chunkExtensionTooLong }
    }

    private func checkedTrailers() throws(HTTPParseError) -> FieldSection {
        let section = trailers.section
        try section.checkAsTrailers()
        return section
    }
}
