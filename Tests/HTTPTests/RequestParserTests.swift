import HTTP
import TestSupport
import Testing

@Suite struct RequestParserTests {
    /// A parser and what it gave, in a form that macros can look at.
    private struct Feeder {
        var parser = RequestParser()

        mutating func feed(_ text: String) throws(HTTPParseError) -> Int {
            try parser.consume(Array(text.utf8).span)
        }

        mutating func take() -> String? { parser.takeHead().map(ParsedHead.describe) }
    }

    @Test func `is idle until the first byte of a head, and again after it was taken`() throws {
        var feeder = Feeder()
        var steps: [String] = []
        for piece in ["", "\r\n", "\r", "\n", "G", "ET / HTTP/1.0\r\n\r\n"] {
            let taken = try feeder.feed(piece)
            steps.append("\(taken) \(feeder.parser.isIdle)")
        }
        #expect(steps == ["0 true", "2 true", "1 false", "1 true", "1 false", "17 false"])
        let heads = [feeder.take(), feeder.take()]
        #expect(heads == ["GET / - http10 none  close", nil])
        #expect(feeder.parser.isIdle)
    }

    @Test func `eats nothing while a finished head waits`() throws {
        var feeder = Feeder()
        let text = "GET / HTTP/1.0\r\n\r\n"
        var taken = [try feeder.feed(text), try feeder.feed(text)]
        let head = feeder.take()
        #expect(head != nil)
        taken.append(try feeder.feed(text))
        #expect(taken == [18, 0, 18])
    }

    @Test func `pipelined heads come out one by one wherever they are split`() throws {
        let heads = GoodHeadTests.heads
        let bytes = heads.flatMap { $0.sent.latin1 }
        for width in [1, 2, 3, 5, 17, 64, bytes.count] {
            var parser = RequestParser()
            var read: [String] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + width)
                while start < end {
                    start += try parser.consume(bytes.span.extracting(start..<end))
                    if let head = parser.takeHead() { read.append(ParsedHead.describe(head)) }
                }
            }
            #expect(read == heads.map(\.read))
            #expect(parser.isIdle)
        }
    }

    @Test func `the empty lines before each head are counted anew`() throws {
        var feeder = Feeder()
        for _ in 0..<3 {
            for piece in ["\r\n\r\n", "\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] { _ = try feeder.feed(piece) }
            let head = feeder.take()
            #expect(head != nil)
        }
    }

    @Test func `a head that is kept does not change when the next one is parsed`() throws {
        var parser = RequestParser()
        _ = try parser.consume(Array("GET /first HTTP/1.1\r\nHost: one\r\n\r\n".utf8).span)
        let first = parser.takeHead()
        let before = first.map(ParsedHead.describe)
        _ = try parser.consume(Array("PUT /other HTTP/1.1\r\nHost: two\r\n\r\n".utf8).span)
        let second = parser.takeHead()
        #expect(before != nil && first.map(ParsedHead.describe) == before)
        #expect(second?.host == "two")
    }

    @Test func `a failed parser stays failed`() {
        var feeder = Feeder()
        var errors: [HTTPParseError] = []
        for piece in ["\n", "GET / HTTP/1.1", ""] {
            do { _ = try feeder.feed(piece) } catch { errors.append(error) }
        }
        let head = feeder.take()
        #expect(errors == [.bareLineFeed, .bareLineFeed, .bareLineFeed])
        #expect(head == nil)
        #expect(!feeder.parser.isIdle)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `mutated heads never crash, never over-consume and never depend on the split`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let evil = EvilHeadTests.requestLines + EvilHeadTests.fieldLines + EvilHeadTests.framing
        let corpus = GoodHeadTests.heads.map(\.sent.latin1) + evil.map(\.sent.latin1)
        for _ in 0..<400 {
            var bytes = corpus.randomElement(using: &generator) ?? []
            for _ in 0...Int.random(in: 0...3, using: &generator) { mutate(&bytes, &generator) }
            let whole = ParsedHead(bytes)
            if case .head(_, let consumed) = whole { #expect(consumed <= bytes.count) }
            let cuts = (0..<3).map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            #expect(ParsedHead(bytes, cuts: cuts) == whole)
            #expect(ParsedHead(bytes, cuts: Array(0..<bytes.count)) == whole)
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let telling: [UInt8] = [0, 9, 10, 13, 32, 35, 37, 42, 44, 47, 58, 59, 63, 127, 128, 255]
        let place = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes.insert(telling.randomElement(using: &generator) ?? 0, at: place)
        case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 2 where place < bytes.count: bytes.remove(at: place)
        case 3 where place < bytes.count: bytes[place] = telling.randomElement(using: &generator) ?? 0
        default:
            let end = Int.random(in: place...bytes.count, using: &generator)
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
    }
}
