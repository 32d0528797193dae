import HTTP
import TestSupport
import Testing

@Suite struct MultipartParserTests {
    struct Part: Equatable {
        var name: String?
        var filename: String?
        var type: String?
        var content: [UInt8]
        var isWhole = false
    }

    /// What a parser made of some bytes, in a form that does not depend on the split.
    enum Form: Equatable {
        case read([Part], isFinished: Bool)
        case refused(MultipartError)

        init(_ bytes: [UInt8], boundary: String = "AaB03x", cuts: [Int] = []) {
            var parser = MultipartParser(boundary: Array(boundary.utf8))
            var parts: [Part] = []
            var (start, ends) = (0, 0)
            do {
                for end in cuts + [bytes.count] {
                    let input = Array(bytes[start..<end])
                    var position = 0
                    while let event = try Form.next(&parser, input, &position) {
                        switch event {
                        case .part(let head):
                            let type = head.contentType?.essence
                            parts.append(Part(name: head.name, filename: head.filename, type: type, content: []))
                        case .data(let range): parts[parts.count - 1].content += input[range]
                        case .held(let held): parts[parts.count - 1].content += held
                        case .partEnd: parts[parts.count - 1].isWhole = true
                        case .end: ends += 1
                        case .needsMore: break
                        }
                    }
                    start = end
                }
                #expect(ends == (parser.isFinished ? 1 : 0))
                self = .read(parts, isFinished: parser.isFinished)
            } catch {
                self = .refused(error)
            }
        }

        private static func next(
            _ parser: inout MultipartParser, _ input: [UInt8], _ position: inout Int
        ) throws(MultipartError) -> MultipartEvent? {
            let (event, next) = try parser.next(input.span, from: position)
            #expect(next >= position && next <= input.count)
            position = next
            switch event {
            case .needsMore:
                #expect(position == input.count)
                return nil
            case .data(let range): #expect(!range.isEmpty && range.upperBound <= next)
            case .held(let held): #expect(!held.isEmpty)
            default: break
            }
            return event
        }
    }

    static func form(_ contents: [[UInt8]]) -> [UInt8] {
        contents.flatMap {
            Array("--AaB03x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n".utf8) + $0 + [13, 10]
        } + Array("--AaB03x--\r\n".utf8)
    }

    private func expectEverywhere(_ bytes: [UInt8], _ expected: Form) {
        #expect(Form(bytes) == expected)
        #expect(Form(bytes, cuts: Array(0..<bytes.count)) == expected)
        for cut in bytes.indices { #expect(Form(bytes, cuts: [cut]) == expected) }
    }

    @Test func `a browser's form is read the same wherever it is split`() {
        let sent =
            "--AaB03x\r\nContent-Disposition: form-data; name=\"submit\"\r\n\r\nSend\r\n"
            + "--AaB03x  \t\r\n"
            + "Content-Disposition: form-data; name=\"myfile\"; filename=\"caf\u{C3}\u{A9} %22.txt\"\r\n"
            + "Content-Type: text/plain; charset=utf-8\r\n\r\nline\r\n\r\n--AaB03\r\n"
            + "\r\n--AaB03x\r\ncontent-disposition:form-data;name=empty\r\n\r\n\r\n--AaB03x--"
        expectEverywhere(
            sent.latin1,
            .read(
                [
                    Part(name: "submit", filename: nil, type: nil, content: "Send".latin1, isWhole: true),
                    Part(
                        name: "myfile", filename: "café \".txt", type: "text/plain",
                        content: "line\r\n\r\n--AaB03\r\n".latin1, isWhole: true),
                    Part(name: "empty", filename: nil, type: nil, content: [], isWhole: true),
                ], isFinished: true))
    }

    @Test func `a preamble and blanks behind the end mean nothing`() {
        let sent = "hello - --\r\n-\r\n --AaB03xy\r\n\r\n--AaB03x\r\n\r\nx\r\n--AaB03x--  \r\n \t\r\n"
        let part = Part(name: nil, filename: nil, type: nil, content: [0x78], isWhole: true)
        expectEverywhere(sent.latin1, .read([part], isFinished: true))
    }

    @Test func `a form without parts is a form`() {
        expectEverywhere("--AaB03x--".latin1, .read([], isFinished: true))
        expectEverywhere("".latin1, .read([], isFinished: false))
    }

    @Test(arguments: [
        "\r", "\n", "\r\n", "\r\n-", "\r\n--", "\r\n--AaB03", "\r\r\n", "\r\n\r\n--", "--AaB03x", "\n--AaB03x",
        "\r--AaB03x\r\n", "\r\n--AaB03xx", "\r\n--AaB03x-", "\r\n--AaB03x-x", "\r\n--AaB03x \t x", "\r\n--AaB03x\r",
        "\r\n--AaB03x\rx", "\r\n--AaB03x\r\r", "\r\n--AaB03x \r\r\n--AaB03", "\r\n--AaB03x- -", "\r\n--\r\n--AaB03",
        "\r\n--AaB03X\r\n", "\r\n--AaB03x -- \r\n", "\r\n --AaB03x\r\n", "\u{0}\u{FF}\r\n--AaB03x\u{0}",
    ])
    func `what only looks like a delimiter is content`(content: String) {
        let part = Part(name: "f", filename: nil, type: nil, content: content.latin1, isWhole: true)
        expectEverywhere(Self.form([content.latin1]), .read([part], isFinished: true))
        expectEverywhere(Self.form([content.latin1, content.latin1]), .read([part, part], isFinished: true))
    }

    @Test func `a form that is cut off is not finished, and its last part not whole`() {
        let bytes = Self.form([[1, 2, 3], [4, 5]])
        for end in 0..<bytes.count - 2 {
            guard case .read(let parts, let isFinished) = Form(Array(bytes[..<end])) else {
                Issue.record("refused")
                continue
            }
            #expect(!isFinished)
            #expect(!parts.dropLast().contains { !$0.isWhole })
        }
    }

    struct Evil: Sendable, CustomTestStringConvertible {
        let sent: String
        let error: MultipartError
        init(_ sent: String, _ error: MultipartError) {
            self.sent = sent
            self.error = error
        }
        var testDescription: String { "\(error.code): \(sent.prefix(24).debugDescription)" }
    }

    static let evil = [
        Evil("--AaB03x\r\nbad\r\n\r\n", .badPartHead(.missingColon)),
        Evil("--AaB03x\r\nA: b\n\r\n", .badPartHead(.bareLineFeed)),
        Evil("--AaB03x\r\nA: b\r\n c\r\n\r\n", .badPartHead(.foldedField)),
        Evil("--AaB03x\r\nA: \u{0}\r\n\r\n", .badPartHead(.controlByte)),
        Evil("--AaB03x\r\nA: " + String(repeating: "h", count: 16384), .badPartHead(.partHeadTooLong)),
        Evil(String(repeating: "p", count: 4097), .preambleTooLong),
        // What stands outside the form may be a part of it under another name.
        Evil("--AaB03y\r\nA: b\r\n\r\nlost\r\n--AaB03x\r\n\r\nx\r\n--AaB03x--", .preambleTooLong),
        Evil("hello\r\n--AaB03xy\r\n\r\n--AaB03x--", .preambleTooLong),
        Evil("hello\n--\r\n--AaB03x--", .preambleTooLong),
        Evil("--AaB03x--" + String(repeating: "\r\n", count: 2049), .epilogueTooLong),
        Evil("--AaB03x--\r\n--AaB03x\r\n\r\nlost\r\n--AaB03x--", .epilogueTooLong),
        Evil("--AaB03x-- e", .epilogueTooLong),
        Evil(String(repeating: "--AaB03x\r\n\r\n\r\n", count: 257), .tooManyParts),
        Evil("--AaB03x\r\n" + String(repeating: "A: b\r\n", count: 101), .badPartHead(.tooManyFields)),
    ]

    @Test(arguments: evil)
    func `past a bound, or with a bad head, a form is refused`(evil: Evil) {
        let (bytes, error) = (evil.sent.latin1, evil.error)
        #expect(Form(bytes) == .refused(error))
        for width in [1, 13, 1000] {
            #expect(Form(bytes, cuts: Array(stride(from: 0, to: bytes.count, by: width))) == .refused(error))
        }
        #expect(error.status.code >= 400 && error.message.hasSuffix(".") && !error.code.isEmpty)
    }

    @Test func `random content full of near-delimiters comes out as it went in`() {
        var generator = SeededGenerator(seed: 11)
        let pieces: [[UInt8]] = [
            [13], [10], [13, 10], [13, 10, 45], Array("\r\n--AaB03".utf8), Array("\r\n--AaB03x-".utf8),
            Array("--AaB03x".utf8), Array("\r\n--AaB03x\r".utf8), [0], [45, 45], [0x41], [0x78],
        ]
        for _ in 0..<150 {
            let contents = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                (0..<Int.random(in: 0...12, using: &generator)).flatMap { _ in
                    Bool.random(using: &generator)
                        ? pieces.randomElement(using: &generator) ?? []
                        : generator.bytes(Int.random(in: 1...30, using: &generator))
                }
            }
            // A random neighbour may complete a delimiter; such a form is another one.
            let isOther = contents.contains { content in
                let lines = ["\r\n--AaB03x\r\n", "\r\n--AaB03x--"].map { Array($0.utf8) }
                let whole = content + [13, 10]
                return whole.indices.contains { start in lines.contains { whole[start...].starts(with: $0) } }
            }
            if isOther { continue }
            let bytes = Self.form(contents)
            let expected = Form.read(
                contents.map { Part(name: "f", filename: nil, type: nil, content: $0, isWhole: true) },
                isFinished: true)
            let cuts = (0..<6).map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            #expect(Form(bytes) == expected)
            #expect(Form(bytes, cuts: cuts) == expected)
            #expect(Form(bytes, cuts: Array(0..<bytes.count)) == expected)
        }
    }

    @Test(arguments: ["-", "--------", "0123456789012345678901234567890123456789012345678901234567890123456789"])
    func `any allowed boundary separates`(boundary: String) {
        let content = Array("-----\r\n-\r\n0123456789----------".utf8)
        let bytes = Array("--\(boundary)\r\n\r\n".utf8) + content + Array("\r\n--\(boundary)--".utf8)
        let part = Part(name: nil, filename: nil, type: nil, content: content, isWhole: true)
        for width in [1, 3, 64, bytes.count] {
            let cuts = Array(stride(from: 0, to: bytes.count, by: width))
            #expect(Form(bytes, boundary: boundary, cuts: cuts) == .read([part], isFinished: true))
        }
    }

    @Test(arguments: [
        ("multipart/form-data; boundary=AaB03x", "AaB03x"), ("Multipart/Form-Data;Boundary=\"a b:c\"", "a b:c"),
        ("multipart/form-data", nil), ("multipart/form-data; boundary=\"\"", nil),
        ("multipart/form-data; boundary=\"a \"", nil), ("multipart/form-data; boundary=\"a\u{E9}\"", nil),
        ("text/plain; boundary=a", nil), ("multipart/form-data; boundary=a; boundary=b", nil),
        ("multipart/form-data; boundary=\"a@b\"", nil),
        ("multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", nil),
    ])
    func `the boundary comes from the media type`(type: String, boundary: String?) {
        #expect(MediaType(type).flatMap(MultipartParser.boundary) == boundary.map { Array($0.utf8) })
    }
}
