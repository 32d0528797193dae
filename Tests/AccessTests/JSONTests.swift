import Access
import Testing

/// What a token holds is understood in one way or not at all.
@Suite struct JSONTests {
    private func value(_ text: String) -> JSONValue? { JSONValue(Array(text.utf8)) }

    @Test func `values are what they say`() {
        #expect(
            value(" {\"a\" : [1, -2.5e1, true, false, null, \"x\\u00e9\\ud83d\\ude00\\n\"], \"b\":{}} ")
                == .object([
                    "a": .array([.integer(1), .number(-25), .bool(true), .bool(false), .null, .string("xé😀\n")]),
                    "b": .object([:]),
                ]))
        #expect(value("9223372036854775807") == .integer(.max))
        #expect(value("9223372036854775808") == .number(9_223_372_036_854_775_808))
    }

    @Test(arguments: [
        "", "{", "{}x", "{\"a\":1,}", "[1,]", "{\"a\":1,\"a\":1}", "{\"a\":{\"b\":1,\"b\":2}}", "{a:1}", "'a'", "01",
        "-01",
        "1.", ".5", "1e", "+1", "NaN", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\n\"", "\"", "tru", "\u{FEFF}{}",
        "{\"a\":1,\"\\u0061\":2}", "nul", "[[[[[[[[[1]]]]]]]]]",
    ])
    func `what is no JSON, or can be read in two ways, is nothing`(text: String) {
        #expect(value(text) == nil)
    }

    @Test func `two texts that would become one to be safe are neither`() {
        let marks = String(repeating: "\u{301}", count: 31)
        #expect(value("\"a\(marks)\"") == .unsafeText)
        #expect(value("\"a\(marks.dropLast(1))\"") == .string("a" + marks.dropLast(1)))
        #expect(value("{\"sub\": \"a\(marks)\"}") == .object(["sub": .unsafeText]))
    }

    @Test func `bytes that are no UTF-8 are nothing`() { #expect(JSONValue([0x22, 0xC3, 0x22]) == nil) }

    @Test func `an object has so many names and no more`() {
        func object(_ count: Int) -> String { "{" + (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") + "}" }
        #expect(value(object(AccessLimits.jsonMembersMax)) != nil)
        #expect(value(object(AccessLimits.jsonMembersMax + 1)) == nil)
    }
}
