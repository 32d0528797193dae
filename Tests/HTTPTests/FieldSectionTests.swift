import HTTP
import Testing

@Suite struct FieldSectionTests {
    private static let one = FieldName("x-one")
    private static let list = FieldName("X-List")

    private func fields(_ lines: String) throws -> FieldSection {
        var parser = RequestParser()
        _ = try parser.consume("GET / HTTP/1.0\r\n\(lines)\r\n\r\n".latin1.span)
        let head = parser.takeHead()
        return try #require(head).fields
    }

    @Test func `names match in any case, and only whole`() throws {
        let section = try fields("X-ONE: 1\r\nx-one-more: 2\r\nx-on: 3")
        #expect(section.values(Self.one) == ["1"])
        #expect(section.count(of: Self.one) == 1)
        #expect(section.contains(Self.one))
        #expect(!section.contains(Self.list))
        #expect(section.count == 3)
        #expect(section.map(\.name) == ["X-ONE", "x-one-more", "x-on"])
    }

    @Test func `bytes are those received, trimmed`() throws {
        let section = try fields("X-One: \t caf\u{E9} \u{FF}\t \r\nX-One: second")
        #expect(section.bytes(Self.one) == [0x63, 0x61, 0x66, 0xE9, 0x20, 0xFF])
        #expect(section.bytes(Self.list) == nil)
        let empty = try fields("X-One:").bytes(Self.one)
        #expect(empty == [])
    }

    @Test func `text is UTF-8 where it can be and Latin-1 where not, joined by commas`() throws {
        #expect(try fields("X-One: caf\u{E9}").text(Self.one) == "café")
        #expect(try fields("X-One: caf\u{C3}\u{A9}").text(Self.one) == "café")
        let section = try fields("X-List: a\r\nX-One: -\r\nx-list: b, c\r\nX-LIST:")
        #expect(section.text(Self.list) == "a, b, c, ")
        #expect(section.values(Self.list) == ["a", "b, c", ""])
        #expect(section.bytes(Self.list, joinedBy: UInt8(ascii: ";")) == Array("a; b, c; ".utf8))
        #expect(section.text(FieldName("x-two")) == nil)
    }

    @Test(arguments: [
        ("", DecimalField.malformed), ("0", .value(0)), ("0012", .value(12)),
        ("9223372036854775807", .value(.max)), ("9223372036854775808", .malformed), ("+1", .malformed),
        ("-0", .malformed), ("1 2", .malformed), ("1.5", .malformed), ("NaN", .malformed), ("1\r\nX-One: 1", .value(1)),
        ("1\r\nX-One: 2", .malformed), ("1,1", .malformed), ("\u{B9}", .malformed),
    ])
    func `a decimal field is digits or malformed`(sent: String, expected: DecimalField) throws {
        #expect(try fields("X-One: \(sent)").decimal(Self.one) == expected)
    }

    @Test func `a decimal field that was not sent is absent`() throws {
        #expect(try fields("X-Two: 1").decimal(Self.one) == .absent)
    }

    @Test func `a token is found in any case in any line of a list, and only whole`() throws {
        let section = try fields("X-List: a , Upgrade\r\nX-List: ,keep-Alive\t,, b;q=1")
        for token in ["a", "upgrade", "KEEP-alive"] as [StaticString] {
            #expect(section.hasToken(token, in: Self.list))
        }
        for token in ["b", "up", "keep"] as [StaticString] { #expect(!section.hasToken(token, in: Self.list)) }
        #expect(!section.hasToken("a", in: Self.one))
    }

    @Test func `two spellings of a name are one name`() {
        #expect(FieldName("X-File-ID") == FieldName("x-file-id"))
        #expect(FieldName("X-File-ID").description == "x-file-id")
        #expect(FieldSection().isEmpty)
    }
}
