import Foundation
import HTTP
import Testing

/// The writers of JSON and HTML hide no delimiter, whatever stands beside it.
@Suite struct TextWriterTests {
    /// What turns the direction of writing (Bidi_Control of Unicode).
    private static let bidi: [Unicode.Scalar] =
        ["\u{61C}", "\u{200E}", "\u{200F}"] + (0x202A...0x202E).compactMap(Unicode.Scalar.init)
        + (0x2066...0x2069).compactMap(Unicode.Scalar.init)
    /// What does something to the text around it, or to the terminal that shows it.
    private static let moves = Set(
        bidi + ["\u{2028}", "\u{2029}"] + (UInt8(0)..<0x20).map(Unicode.Scalar.init)
            + (UInt8(0x7F)...0x9F).map(Unicode.Scalar.init))

    /// Scalars that combine with, or are prepended to, or join others; controls; what ends a line or a script.
    private static let neighbours =
        ["", "\u{600}", "\u{301}", "\u{200D}", "\u{FE0F}", "👩\u{200D}👧", "\u{FFFD}", "\u{D7FF}", "\u{E000}"]
        + Self.bidi.map { String($0) }
        + ["\\ud800", "\u{2028}", "\u{2029}", "\u{85}", "\u{9F}", "\u{7F}", "\r\n", "</script>", "<!--", "]]>"]
        + (0..<0x20).map { String(Unicode.Scalar(UInt8($0))) }
    private static let delimiters = ["\"", "'", "\\", "<", ">", "&", "</script>", "{", "}", "[", ",", ":"]

    private static let texts = neighbours.flatMap { neighbour in
        delimiters.flatMap { ["\($0)\(neighbour)", "\(neighbour)\($0)", "\(neighbour)\($0)\(neighbour)x"] }
    }

    @Test func `what the JSON writer writes is one string, which reads back as it was`() throws {
        for text in TextWriterTests.texts {
            let written = JSONText.string(text)
            let read = try JSONDecoder().decode([String].self, from: Data("[\(written)]".utf8))
            #expect(read.map { Array($0.utf8) } == [Array(text.utf8)], "\(written)")
            let moves = written.unicodeScalars.contains { Self.moves.contains($0) }
            #expect(!moves, "a control is written as an escape: \(text.debugDescription)")
        }
    }

    @Test func `a JSON object holds its members and no more, whatever their values are`() throws {
        for text in TextWriterTests.texts {
            var object = JSONObject()
            object.set("name", text)
            object.set("size", 3)
            let read = try JSONSerialization.jsonObject(with: Data(object.text.utf8)) as? [String: Any]
            #expect(read?.count == 2)
            #expect((read?["name"] as? String).map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test func `what the HTML writer writes has no markup, and reads back but for its controls`() {
        for text in TextWriterTests.texts {
            let written = HTMLText.escaped(text)
            let bytes = Array(written.utf8)
            for mark in ["<", ">", "\"", "'"] {
                #expect(!bytes.contains(mark.utf8.first!), "\(text.debugDescription)")
            }
            #expect(!bytes.contains { ($0 < 0x20 && $0 != 0x09 && $0 != 0x0A) || $0 == 0x7F })
            #expect(TextWriterTests.read(bytes) == text.utf8.map { HTMLText.escaped($0) }, "\(written)")
        }
    }

    /// What a browser makes of text with the five references; nil for another ampersand.
    private static func read(_ bytes: [UInt8]) -> [UInt8]? {
        let references = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")]
        var (read, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes[...])
        while let byte = rest.first {
            guard byte == UInt8(ascii: "&") else {
                read.append(byte)
                rest.removeFirst()
                continue
            }
            guard let found = references.first(where: { rest.starts(with: $0.0.utf8) }) else { return nil }
            read += found.1.utf8
            rest.removeFirst(found.0.utf8.count)
        }
        return read
    }
}

extension HTMLText {
    /// A control but for tab and line feed is a space on a page.
    fileprivate static func escaped(_ byte: UInt8) -> UInt8 {
        (byte < 0x20 && byte != 0x09 && byte != 0x0A) || byte == 0x7F ? 0x20 : byte
    }
}
