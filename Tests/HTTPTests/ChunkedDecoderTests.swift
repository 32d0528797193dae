import HTTP
import TestSupport
import Testing

@Suite struct ChunkedDecoderTests {
    /// What a decoder made of some bytes, in a form that does not depend on the split.
    enum Decoded: Equatable {
        case body(content: [UInt8], trailers: [String], consumed: Int)
        case unfinished(content: [UInt8])
        case refused(HTTPParseError)

        init(_ bytes: [UInt8], cuts: [Int] = []) {
            var decoder = ChunkedDecoder()
            var content: [UInt8] = []
            var start = 0
            do {
                for end in cuts + [bytes.count] {
                    let input = Array(bytes[start..<end])
                    var position = 0
                    reading: while true {
                        let (event, next) = try decoder.next(input.span, from: position)
                        #expect(next >= position && next <= input.count)
                        position = next
                        switch event {
                        case .needsMore: break reading
                        case .data(let range):
                            #expect(!range.isEmpty)
                            content += input[range]
                        case .end(let trailers):
                            #expect(decoder.isFinished)
                            let lines = trailers.map { "\($0.name)=\($0.value)" }
                            self = .body(content: content, trailers: lines, consumed: start + position)
                            return
                        }
                    }
                    #expect(position == input.count)
                    start = end
                }
                self = .unfinished(content: content)
            } catch {
                self = .refused(error)
            }
        }
    }

    @Test(arguments: [
        ("0\r\n\r\n", "", []),
        ("3\r\nabc\r\n0\r\n\r\n", "abc", []),
        ("000000000000000a\r\n0123456789\r\n1\r\n\r\r\n00\r\n\r\n", "0123456789\r", []),
        ("1;a\r\nx\r\n1 ; b = \"c\u{E9}\"\r\ny\r\n0;last\r\n\r\n", "xy", []),
        ("A\r\n\r\n0\r\n\r\n\r\n\n\r\n0\r\nA: b\r\nC:d \r\n\r\n", "\r\n0\r\n\r\n\r\n\n", ["A=b", "C=d"]),
    ])
    func `a good body is decoded the same wherever it is split`(sent: String, content: String, trailers: [String]) {
        let bytes = sent.latin1
        let expected = Decoded.body(content: content.latin1, trailers: trailers, consumed: bytes.count)
        #expect(Decoded(bytes) == expected)
        #expect(Decoded(bytes + Array("GET /".utf8)) == expected)
        #expect(Decoded(bytes, cuts: Array(0..<bytes.count)) == expected)
        for cut in bytes.indices {
            #expect(Decoded(bytes, cuts: [cut]) == expected)
            if case .unfinished = Decoded(Array(bytes[..<cut])) { continue }
            Issue.record("finished too early")
        }
    }

    struct Evil: Sendable, CustomTestStringConvertible {
        let sent: String
        let error: HTTPParseError
        init(_ sent: String, _ error: HTTPParseError) {
            self.sent = sent
            self.error = error
        }
        var testDescription: String { "\(error.code): \(sent.prefix(24).debugDescription)" }
    }

    static let evil = [
        Evil("\r\n", .badChunkSize), Evil("g\r\n", .badChunkSize), Evil("-1\r\n", .badChunkSize),
        Evil("+1\r\n", .badChunkSize),
        Evil(" 1\r\n", .badChunkSize), Evil("0x1\r\n", .badChunkSize), Evil("1 \r\nx\r\n", .badChunkSize),
        Evil("1 2\r\n", .badChunkSize), Evil(";a\r\n", .badChunkSize), Evil("1\tx;\r\n", .badChunkSize),
        Evil("8000000000000000\r\n", .badChunkSize), Evil("ffffffffffffffff\r\n", .badChunkSize),
        Evil("00000000000000001\r\n", .badChunkSize), Evil("10000000000000000\r\n", .badChunkSize),
        Evil("1\nx\r\n", .bareLineFeed), Evil("1\rx", .bareCarriageReturn), Evil("1;a\nx", .bareLineFeed),
        Evil("1 \nx", .bareLineFeed), Evil("1;a\u{0}\r\n", .controlByte), Evil("1;a\r;b\r\n", .bareCarriageReturn),
        Evil("1\r\nxx\r\n", .badChunkEnd), Evil("1\r\nx\n0\r\n\r\n", .badChunkEnd),
        Evil("1\r\nx\r0\r\n\r\n", .badChunkEnd),
        Evil("1\r\nx0\r\n\r\n", .badChunkEnd), Evil("0\r\nA\r\n\r\n", .missingColon),
        Evil("0\r\nA : b\r\n\r\n", .spaceBeforeColon),
        Evil("0\r\n\n", .bareLineFeed), Evil("0\r\nA: b\r\n c\r\n\r\n", .foldedField),
        Evil("0\r\nContent-Length: 1\r\n\r\n", .forbiddenTrailer), Evil("0\r\nhost: a\r\n\r\n", .forbiddenTrailer),
        Evil("0\r\nA: b\r\nTRANSFER-ENCODING: chunked\r\n\r\n", .forbiddenTrailer),
        Evil("1;" + String(repeating: "e", count: 256) + "\r\n", .chunkExtensionTooLong),
        Evil("0\r\nA: " + String(repeating: "t", count: 8192), .trailersTooLong),
        Evil("0\r\n" + String(repeating: "A:b\r\n", count: 101), .tooManyFields),
        Evil(
            String(repeating: "1;" + String(repeating: "e", count: 127) + "\r\nx\r\n", count: 129),
            .chunkExtensionTooLong),
    ]

    @Test(arguments: evil)
    func `an evil body is refused the same wherever it is split`(evil: Evil) {
        let (bytes, error) = (evil.sent.latin1, evil.error)
        #expect(Decoded(bytes) == .refused(error))
        #expect(Decoded(bytes, cuts: Array(0..<bytes.count)) == .refused(error))
        for cut in bytes.indices where bytes.count < 300 || cut % 1009 == 0 {
            #expect(Decoded(bytes, cuts: [cut]) == .refused(error))
        }
    }

    @Test func `extensions within their bounds pass`() {
        let line = "1;" + String(repeating: "e", count: 255) + "\r\nx\r\n"
        let sent = String(repeating: line, count: 64) + "0\r\n\r\n"
        #expect(
            Decoded(sent.latin1)
                == .body(content: Array(repeating: 0x78, count: 64), trailers: [], consumed: sent.utf8.count))
    }

    @Test func `the largest size is waited for and not added up`() throws {
        var decoder = ChunkedDecoder()
        let input = Array("7fffffffffffffff\r\nabc".utf8)
        let (event, next) = try decoder.next(input.span, from: 0)
        guard case .data(let range) = event else { throw HTTPParseError.badChunkSize }
        #expect(range == 18..<21 && next == 21)
    }

    @Test func `a decoder that is done or has failed does not move`() throws {
        var decoder = ChunkedDecoder()
        let input = Array("0\r\n\r\n0\r\n\r\n".utf8)
        let places = [try decoder.next(input.span, from: 0).next, try decoder.next(input.span, from: 5).next]
        #expect(places == [5, 5])
        var failed = ChunkedDecoder()
        var errors: [HTTPParseError] = []
        for input in [[120], [48], []] as [[UInt8]] {
            do { _ = try failed.next(input.span, from: 0) } catch { errors.append(error) }
        }
        #expect(errors == [.badChunkSize, .badChunkSize, .badChunkSize])
    }

    @Test func `random bodies come out whole, mutated ones do not crash`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var (content, bytes): ([UInt8], [UInt8]) = ([], [])
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let chunk = generator.bytes(Int.random(in: 1...40, using: &generator))
                content += chunk
                bytes += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [13, 10]
            }
            bytes += Array("0\r\n\r\n".utf8)
            let cuts = (0..<4).map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            #expect(Decoded(bytes, cuts: cuts) == .body(content: content, trailers: [], consumed: bytes.count))
            bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            #expect(Decoded(bytes, cuts: cuts) == Decoded(bytes))
        }
    }
}
