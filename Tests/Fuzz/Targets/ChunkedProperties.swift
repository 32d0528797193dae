import HTTP

/// Bodies in the chunked coding.
enum ChunkedProperties {
    static func check(_ input: [UInt8]) {
        let whole = ChunkedReading(input)
        var splits = Splits(input)
        for cuts in splits.cuts() {
            require(ChunkedReading(input, cuts: cuts) == whole, "a body does not depend on the split")
        }
        require(whole.content.count <= input.count, "no content comes from nowhere")
        if case .finished(let consumed) = whole.ending { checkSimply(whole, Array(input[..<consumed])) }
        checkRoundTrip(input, &splits)
    }

    /// Reads a good body in the most simple-minded way there is.
    private static func checkSimply(_ reading: ChunkedReading, _ bytes: [UInt8]) {
        var (content, position) = ([UInt8](), 0)
        while true {
            let lineEnd = required(bytes[position...].firstIndex(of: 10), "a size stands on a line")
            require(bytes[lineEnd - 1] == 13, "a line ends with CRLF")
            let digits = bytes[position..<lineEnd].prefix { Character(Unicode.Scalar($0)).isHexDigit }
            let size = required(Int(String(decoding: digits, as: UTF8.self), radix: 16), "a size is a number")
            position = lineEnd + 1
            if size == 0 { break }
            content += bytes[position..<position + size]
            position += size + 2
            require(bytes[position - 2] == 13 && bytes[position - 1] == 10, "a chunk ends with CRLF")
        }
        require(content == reading.content, "the content is that of the chunks")
        let trailers = bytes[position...]
        require(trailers.suffix(2).elementsEqual([13, 10]), "trailers end with an empty line")
        require(trailers.count <= HTTPLimits.trailerBytesMax, "trailers are short")
        require(trailers.count { $0 == 10 } == reading.trailers.count + 1, "as many trailers as lines")
    }

    private static func checkRoundTrip(_ content: [UInt8], _ splits: inout Splits) {
        var (bytes, start) = ([UInt8](), 0)
        for end in splits.some(3) + [content.count] where end > start {
            let size = String(end - start, radix: 16, uppercase: splits.number(in: 0...1) == 1)
            bytes += Array("\(size)\r\n".utf8) + content[start..<end] + [13, 10]
            start = end
        }
        bytes += Array("0\r\n\r\n".utf8)
        let reading = ChunkedReading(bytes, cuts: splits.some(3).map { min($0, bytes.count) })
        require(reading.ending == .finished(bytes.count) && reading.content == content, "content survives the coding")
    }
}

/// What a `ChunkedDecoder` made of some bytes, in a form that can be compared.
struct ChunkedReading: Equatable {
    enum Ending: Equatable {
        case finished(Int)
        case unfinished
        case refused(HTTPParseError)
    }

    private(set) var content: [UInt8] = []
    private(set) var trailers: [String] = []
    private(set) var ending = Ending.unfinished

    /// Feeds the bytes in pieces that end at `cuts`.
    init(_ bytes: [UInt8], cuts: [Int] = []) {
        var decoder = ChunkedDecoder()
        var start = 0
        do {
            for end in cuts + [bytes.count] where ending == .unfinished {
                let input = Array(bytes[start..<end])
                if let position = try read(&decoder, input) { ending = .finished(start + position) }
                require(decoder.isFinished == (ending != .unfinished), "a decoder knows its end")
                start = end
            }
        } catch {
            ending = .refused(error)
        }
    }

    /// Reads on to the end of the input, or of the body: then where that is.
    private mutating func read(_ decoder: inout ChunkedDecoder, _ input: [UInt8]) throws(HTTPParseError) -> Int? {
        var position = 0
        while true {
            let (event, next) = try decoder.next(input.span, from: position)
            require(next >= position && next <= input.count, "a decoder goes forward")
            switch event {
            case .needsMore:
                require(next == input.count, "all input is used up")
                return nil
            case .data(let range):
                require(!range.isEmpty && range.lowerBound >= position && range.upperBound == next, "content is new")
                content += input[range]
            case .end(let fields):
                trailers = fields.map { "\($0.name):\($0.value)" }
                return next
            }
            position = next
        }
    }
}
