import HTTP
import TestSupport
import Testing

/// 10,000 marks, each of which composing moves past the one before it.
private let marks = String(repeating: "\u{301}\u{316}", count: 5000)

/// The longest run of scalars above U+0300 that are not the joiner.
private func longestRun(_ text: String) -> Int {
    var (longest, run) = (0, 0)
    for scalar in text.unicodeScalars {
        run = scalar.value >= 0x300 && scalar.value != 0x34F ? run + 1 : 0
        longest = max(longest, run)
    }
    return longest
}

@Suite struct StreamSafeTests {
    @Test(arguments: [
        "", "a.txt", "na\u{EF}ve", "日本語", "e\u{301}", String(repeating: "\u{301}", count: 30), "👩\u{200D}💻",
    ])
    func `text stays what it is`(text: String) {
        #expect(Array(text.streamSafe.utf8) == Array(text.utf8))
    }

    @Test(arguments: ["\u{301}", "\u{316}", "\u{F73}", "\u{344}", "\u{302E}", "\u{20DD}"])
    func `marks in a row are joined by thirties`(mark: String) {
        let thirty = String(repeating: mark, count: 30)
        let safe = "a\(thirty)\(mark)b".streamSafe
        #expect(Array(safe.utf8) == Array("a\(thirty)\u{34F}\(mark)b".utf8))
        #expect(Array(safe.streamSafe.utf8) == Array(safe.utf8))
    }

    @Test func `no way in lets a long run of marks through`() throws {
        let encoded = String(repeating: "%CC%81%CC%96", count: 2000)
        let quoted = String(repeating: "\\\u{301}\u{316}", count: 2000)
        let head = try parsedHead("GET /", ["X-Text: \(marks)"])
        let texts = [
            head.fields.text(FieldName("X-Text")), head.fields.values(FieldName("X-Text")).first,
            head.fields.last?.value, PercentEncoding.decode(encoded), PercentEncoding.decode(marks),
            ContentDisposition("form-data; name=\"\(marks)\"")?.name,
            ContentDisposition("attachment; filename*=UTF-8''\(encoded)")?.filename,
            MediaType("a/b; c=\"\(quoted)\"")?.parameter("c"),
        ]
        for text in texts { #expect(longestRun(try #require(text)) == 30) }
    }

    @Test func `a value has sixteen parameters at most`() {
        let some = (0..<16).map { "; a\($0)=b" }.joined()
        #expect(MediaType("text/plain" + some)?.parameter("a15") == "b")
        #expect(MediaType("text/plain\(some); c=d") == nil)
        #expect(ContentDisposition("attachment\(some); filename=d") == nil)
    }
}
